"""Whatever is asked of a provider that is not configured, the answer is one of the protocol."""

from __future__ import annotations

import pytest

from penstock_provider.framework import protocol
from penstock_provider.framework.core import Core
from penstock_provider.framework.loop import Loop
from penstock_provider.framework.values import pack
from penstock_provider.provider import Penstock

NIL = b"\xc0"
CALLS = {**protocol.METHODS, **protocol.STREAMS}


@pytest.fixture
def ask():
    loop = Loop()
    provider = Penstock(loop)
    core = Core(provider)

    def call(method: str, request) -> list:
        """All that is answered."""
        told: list[bytes] = []
        path, data = f"/tfplugin6.Provider/{method}", request.SerializeToString()
        if method in protocol.STREAMS:
            handler = core.streams()[path]
            future = loop.spawn(handler(data, lambda answer: not told.append(answer)))
        else:
            future = loop.spawn(core.handlers()[path](data))
        loop.run(until=future)
        last = future.result()
        kind = protocol.types[CALLS[method][1]]
        return [kind.FromString(answer) for answer in (told if last is None else [last])]

    call.provider = provider
    yield call
    loop.close()


def kinds_of(provider, method: str) -> list[str]:
    """The names that a call is about."""
    if "Data" in method:
        return list(provider.data_sources())
    if "Ephemeral" in method:
        return list(provider.ephemeral_resources())
    if "List" in method:
        return list(provider.list_resources())
    if "Action" in method:
        return list(provider.actions())
    if method == "CallFunction":
        return list(provider.functions())
    return list(provider.resources())


def name_into(request, name: str) -> None:
    for field in ("type_name", "target_type_name", "action_type", "name"):
        if field in request.FIELDS:
            setattr(request, field, name)


def nothing_was_unexpected(answers: list, captured: str) -> None:
    assert "unexpected exception" not in captured
    for answer in answers:
        assert "failed unexpectedly" not in str(answer.SerializeToString())


@pytest.mark.parametrize("method", CALLS)
def test_calls_of_what_there_is_not(ask, method, capsys):
    request = protocol.types[CALLS[method][0]]()
    name_into(request, "penstock_nothing")
    nothing_was_unexpected(ask(method, request), capsys.readouterr().err)


DYNAMIC = ("config", "current_state", "prior_state", "proposed_new_state", "planned_state", "state")
RAW = ("raw_state", "source_state", "raw_identity")


@pytest.mark.parametrize("value", [NIL, None], ids=["null", "object"])
@pytest.mark.parametrize("method", CALLS)
def test_calls_without_values(ask, method, value, capsys):
    for name in kinds_of(ask.provider, method):
        request = protocol.types[CALLS[method][0]]()
        name_into(request, name)
        for field in DYNAMIC:
            if field in request.FIELDS:
                kind = _schema(ask.provider, method, name)
                getattr(request, field).msgpack = value or pack(kind.complete({}))
        for field in RAW:
            if field in request.FIELDS:
                getattr(request, field).json = b"{}"
        answers = ask(method, request)
        # Terraform sends null for a configuration never, and renews only what was opened.
        if value is None and not method.startswith("Renew"):
            nothing_was_unexpected(answers, capsys.readouterr().err)


def _schema(provider, method: str, name: str):
    for kinds in (
        provider.data_sources() if "Data" in method else {},
        provider.ephemeral_resources() if "Ephemeral" in method else {},
        provider.list_resources() if "List" in method else {},
        provider.actions() if "Action" in method else {},
        provider.resources(),
    ):
        if name in kinds:
            return kinds[name].schema
    return provider.schema
