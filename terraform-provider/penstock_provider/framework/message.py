"""Between the protocol's messages and the framework's values, both ways."""

from __future__ import annotations

import json
from collections.abc import Iterable

from penstock_provider.framework.diagnostics import Diagnostic, Diagnostics, diagnostic_message
from penstock_provider.framework.log import hide, log
from penstock_provider.framework.plan import Private
from penstock_provider.framework.protocol import Message
from penstock_provider.framework.schema import Schema
from penstock_provider.framework.values import State, Type, Value, from_json, unpack


def value_of(message: Message, of: Type) -> Value:
    """A dynamic value of the protocol, decoded; None when it is absent or null."""
    if message.msgpack:
        return unpack(message.msgpack, of)
    if message.json:
        return from_json(json.loads(message.json), of)
    return None


def state_of(message: Message, schema: Schema) -> State | None:
    """An object of the protocol, decoded; None when it is null."""
    value = value_of(message, schema.type)
    if not isinstance(value, dict):
        return None
    hide_secrets(schema, value)
    return value


def hide_secrets(schema: Schema, state: State) -> None:
    """Keeps the secret texts of a state out of logs and diagnostics."""
    for name in schema.secret:
        value = state.get(name)
        if isinstance(value, str):
            hide(value)


def private_of(data: bytes) -> Private:
    """The private data beside a state."""
    return json.loads(data) if data else {}


def private_bytes(private: Private) -> bytes:
    """Private data as it is stored; empty when there is none."""
    return json.dumps(private, sort_keys=True).encode() if private else b""


def unexpected(error: BaseException, where: str) -> Diagnostic:
    """The diagnostic for an exception that nobody meant to raise; logs it too."""
    place, trace = "an unknown place", error.__traceback__
    while trace is not None:
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    # The text of the error may quote a value, so only its type and place are told.
    log("error", "unexpected exception", rpc=where, type=type(error).__name__, place=place)
    return Diagnostic(
        "The provider failed unexpectedly",
        f"{type(error).__name__} at {place} during {where}. This is a mistake in the provider, "
        "not in your configuration: please report it with this text.",
    )


def unreadable(error: ValueError, where: str) -> Diagnostic:
    """The diagnostic for a request whose bytes are not what the protocol says."""
    return Diagnostic(
        "Terraform's request cannot be read",
        f"In {where}: {error}. Terraform and the provider do not speak the same protocol: use a "
        "released Terraform from 1.11 on, and report it if this one is.",
    )


def capabilities(told: Message) -> None:
    """Announces what this server can do beyond the protocol's minimum."""
    told.server_capabilities.plan_destroy = True
    told.server_capabilities.get_provider_schema_optional = True
    told.server_capabilities.move_resource_state = True
    told.server_capabilities.generate_resource_config = True


def check(schema: Schema, config: State, diagnostics: Diagnostics) -> None:
    """Adds an error for each value that its attribute refuses."""
    for path, problem in schema.problems(config):
        diagnostics.error(f"`{path[-1]}` is not valid", problem, path=path)


def tell(told: Message, items: Iterable[Diagnostic]) -> None:
    """Puts diagnostics into a response, in the way that kind of response has."""
    messages = [diagnostic_message(item) for item in items]
    if not messages:
        return
    if "diagnostics" in told.FIELDS:
        told.diagnostics.extend(messages)
    elif "error" in told.FIELDS:
        told.error.text = f"{messages[0].summary}. {messages[0].detail}"
    else:
        told.Error = messages[0].summary
