"""Calls of webhooks: who may start which flow, and what the caller is told."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

import orjson
import structlog

from penstock.errors import FlowDisabled, InvalidInputs, InvalidObject, NotFound
from penstock.expression.error import ExpressionError
from penstock.model.execution import Execution
from penstock.model.frozen import Json
from penstock.model.nesting import TooDeep, parsed
from penstock.model.problem import Problem
from penstock.model.sealed import hidden
from penstock.model.state import State
from penstock.plugins.core.trigger.webhook import ContentType, Webhook
from penstock.service import form
from penstock.service.firing import Fire, Firing, sentences
from penstock.service.inputs import refuse_sealed
from penstock.service.port import FlowVersion
from penstock.service.services import Services
from penstock.store import execution as executions
from penstock.store import trigger as triggers
from penstock.store.audit import AuditRecord

_log = structlog.get_logger("penstock.webhook")
_TYPE = "core.trigger.Webhook"
_UNTOLD = frozenset({"authorization", "cookie", "proxy-authorization"})
"""Headers that are for this server, not for the flow."""
_LEAST, _MOST = 200, 599


@dataclass(frozen=True, slots=True)
class Call:
    """What somebody sent to an address."""

    tenant: str
    namespace: str
    flow_id: str
    key: str
    body: bytes
    headers: Mapping[str, list[str]]
    parameters: Mapping[str, list[str]]

    def variables(self) -> dict[str, Json]:
        """What expressions see as ``trigger.*``."""
        headers = {name: [*values] for name, values in self.headers.items() if name not in _UNTOLD}
        return {
            "body": _content(self.body),
            "headers": cast("Json", headers),
            "parameters": cast(
                "Json", {name: [*values] for name, values in self.parameters.items()}
            ),
        }


@dataclass(frozen=True, slots=True)
class Ready:
    """An execution that a call starts, to be submitted."""

    trigger: Webhook
    execution: Execution
    version: FlowVersion
    audit: AuditRecord
    warnings: tuple[str, ...]
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What a caller that has waited is told."""

    status: int
    content: bytes
    media_type: str


def prepare(services: Services, call: Call) -> Ready | None:
    """The execution that a call starts; None when the conditions of the trigger do not hold.

    Raises `NotFound` alike for an unknown flow and a wrong key, `FlowDisabled`, `InvalidObject`
    for a body that is nested too deep, and `InvalidInputs` when inputs cannot be rendered or do
    not fit.
    """
    try:
        version = services.present.get(call.tenant, call.namespace, call.flow_id)
    except NotFound:
        raise _nothing() from None
    execution_id = services.new_id()
    off = _switched(services, call)
    # Nothing of what was sent is looked at before the key is known to be right.
    bare = replace(call, body=b"", headers={}, parameters={})
    fires = (
        Fire(version, _firing(services, bare, trigger, execution_id), services.renderer)
        for trigger in version.flow.triggers
        if isinstance(trigger, Webhook) and not off.get(trigger.id, trigger.disabled)
    )
    keyed = next((each for each in fires if _is_key(each, call.key)), None)
    if keyed is None:
        raise _nothing()
    if version.flow.disabled:
        raise FlowDisabled(f"The flow {call.namespace}/{call.flow_id} is disabled.")
    trigger = cast("Webhook", keyed.trigger)
    fire = Fire(version, _firing(services, call, trigger, execution_id), services.renderer)
    refuse_sealed(fire.origin.variables["body"], "body")
    try:
        # So that it knows the key where the call tells it too, and hides it.
        fire.render(trigger.key)
        execution = fire.made() if fire.is_wanted() else None
    except (ExpressionError, InvalidInputs) as error:
        reason = fire.renderer.masker.text(sentences(error))
        message = f"The trigger '{trigger.id}' cannot start the flow: {reason}"
        if not trigger.fail_on_trigger_error:
            raise _unfit(error, message) from None
        return _ready(services, fire, fire.refused(), refusal=message)
    return None if execution is None else _ready(services, fire, execution)


def reply(services: Services, ready: Ready, ended: Execution) -> Reply:
    """The answer about an execution that is over."""
    trigger = ready.trigger
    outputs = hidden(ended.outputs or {})
    if not trigger.return_outputs:
        with services.database.read() as tx:
            whole = executions.get(tx, ended.tenant, ended.id)
        content, kind = orjson.dumps(form.execution(whole or ended)), ContentType.JSON
    elif trigger.response_content_type is ContentType.JSON:
        content, kind = orjson.dumps(outputs), ContentType.JSON
    else:
        content, kind = _text(outputs).encode(), ContentType.TEXT
    return Reply(_status(services, ready, ended), content, kind.value)


def _ready(
    services: Services, fire: Fire, execution: Execution, refusal: str | None = None
) -> Ready:
    flow = fire.version.flow
    audit = AuditRecord(
        tenant=execution.tenant,
        at=services.now(),
        actor=f"webhook:{fire.trigger.id}",
        action="execution.create",
        object=f"execution/{execution.id}",
        after=fire.version.content_hash,
        detail={"flow": f"{flow.namespace}/{flow.id}"},
    )
    warnings = tuple(fire.warnings)
    trigger = cast("Webhook", fire.trigger)
    return Ready(trigger, execution, fire.version, audit, warnings, refusal)


def _firing(services: Services, call: Call, trigger: Webhook, execution_id: str) -> Firing:
    return Firing(
        execution_id=execution_id,
        tenant=call.tenant,
        now=services.now(),
        trigger=trigger,
        type=_TYPE,
        actor=f"webhook:{trigger.id}",
        variables=call.variables(),
    )


def _switched(services: Services, call: Call) -> dict[str, bool]:
    """The triggers of the flow that somebody switched off or on."""
    flow = (call.namespace, call.flow_id)
    with services.database.read() as tx:
        found = triggers.of_flows(tx, call.tenant, [flow])
    return {row.key.id: row.is_off for row in found if row.override is not None}


def _is_key(fire: Fire, given: str) -> bool:
    """Whether a key is the trigger's, in a time that tells nothing about it."""
    written = cast("Webhook", fire.trigger).key
    try:
        wanted = fire.render(written)
    except ExpressionError as error:
        _log.error(
            "the key of a webhook cannot be computed",
            flow=f"{fire.version.flow.namespace}/{fire.version.flow.id}",
            trigger=fire.trigger.id,
            reason=fire.renderer.masker.text(str(error)),
        )
        return False
    text = "" if wanted is None else str(wanted)
    return hmac.compare_digest(text.encode(), given.encode()) and text != ""


def _content(body: bytes) -> Json:
    """JSON objects and lists as such, everything else as a text."""
    if not body:
        return None
    if body.lstrip()[:1] in {b"{", b"["}:
        try:
            return parsed(body)
        except TooDeep as error:
            raise InvalidObject(f"The body cannot be taken: {error}.") from None
        except orjson.JSONDecodeError:
            pass
    return body.decode(errors="replace")


def _text(outputs: Mapping[str, Json]) -> str:
    """One output by itself, several as JSON."""
    if len(outputs) == 1:
        (only,) = outputs.values()
        if isinstance(only, str):
            return only
        return orjson.dumps(only).decode()
    return orjson.dumps(outputs).decode()


def _status(services: Services, ready: Ready, ended: Execution) -> int:
    """`responseCode` if it can be computed; 500 for what has failed; else 200."""
    default = 500 if ended.state in {State.FAILED, State.KILLED} else 200
    written = ready.trigger.response_code
    if written is None:
        return default
    renderer = services.renderer(ended)
    execution: Json = {"id": ended.id, "state": ended.state.value}
    origin = ended.origin
    variables: dict[str, Json] = {
        "outputs": ended.outputs or {},
        "execution": execution,
        "trigger": {} if origin is None else origin.variables,
    }
    try:
        status = int(str(renderer.render(written, variables, typed=True)))
    except (ExpressionError, ValueError):
        _log.warning("a webhook's responseCode is no number", execution=ended.id)
        return default
    return status if _LEAST <= status <= _MOST else default


def _nothing() -> NotFound:
    return NotFound(
        "There is no such webhook.",
        hint="The address is …/webhooks/NAMESPACE/FLOW/KEY with the key of a Webhook trigger.",
    )


def _unfit(error: ExpressionError | InvalidInputs, message: str) -> InvalidInputs:
    problems = (
        error.problems
        if isinstance(error, InvalidInputs)
        else [Problem(message, code="invalid-trigger")]
    )
    return InvalidInputs(message, problems=problems)
