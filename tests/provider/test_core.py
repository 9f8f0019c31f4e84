"""Every call of the protocol with a small provider that knows nothing of Penstock."""

from __future__ import annotations

import pytest

from penstock_provider.framework import protocol
from penstock_provider.framework.values import UNKNOWN, dynamic, pack, unpack

from .small import AT, NIL, Calls, Lookup, Small, Token, state, thing


@pytest.fixture
def call():
    calls = Calls()
    yield calls
    calls.loop.close()


def test_schema(call):
    told = call("GetProviderSchema")
    assert told.server_capabilities.get_provider_schema_optional
    (entry,) = told.resource_schemas
    attributes = {a.name: a for a in entry.value.block.attributes}
    assert attributes["parts"].nested_type.nesting == 2
    assert attributes["any"].type == b'"dynamic"'
    assert attributes["key_wo"].write_only
    assert all(a.description for a in attributes.values())
    assert told.provider.block.block_types[0].type_name == "run"
    assert told.functions[0].key == "double"
    told = call("GetMetadata")
    assert [r.type_name for r in told.resources] == ["x_thing"]
    assert len(call("GetFunctions").functions) == 1
    assert not call("GetResourceIdentitySchemas").diagnostics


def test_schemas_that_have_been_worked_out_before_are_told_as_they_are(call, monkeypatch):
    recorded = protocol.types["GetProviderSchemaResponse"]()
    recorded.functions.add(key="recorded")
    monkeypatch.setattr(
        Small, "recorded_schemas", lambda _: recorded.SerializeToString(), raising=False
    )
    assert call("GetProviderSchema") == recorded


def test_configure(call):
    assert not call("ConfigureProvider", config={"url": "x", "run": None}).diagnostics
    told = call("ConfigureProvider", config={"url": "bad", "run": {"id": "7"}})
    assert told.diagnostics[0].attribute.steps[0].attribute_name == "url"
    call("StopProvider")
    assert call.provider.seen == [
        {"url": "x", "run": None},
        {"url": "bad", "run": {"id": "7"}},
        "stopped",
    ]


def test_validate(call):
    allowed = protocol.types["ClientCapabilities"](write_only_attributes_allowed=True)
    told = call(
        "ValidateResourceConfig",
        type_name="x_thing",
        config=thing(name="much too long", key_wo="k"),
    )
    assert sorted(d.attribute.steps[0].attribute_name for d in told.diagnostics) == [
        "key_wo",
        "name",
    ]
    request = protocol.types["ConfigRequest"](type_name="x_thing", client_capabilities=allowed)
    request.config.msgpack = pack(thing(key_wo="k"))
    future = call.loop.spawn(
        call.handlers["/tfplugin6.Provider/ValidateResourceConfig"](request.SerializeToString())
    )
    call.loop.run(until=future)
    assert future.result() == b""
    told = call("ValidateDataResourceConfig", type_name="x_none", config={})
    assert told.diagnostics[0].summary == "There is no x_none"
    assert not call(
        "ValidateEphemeralResourceConfig", type_name="x_token", config={"v": None}
    ).diagnostics


def test_plan_of_a_creation(call):
    config = thing(text="t", key_wo="secret", any=dynamic({"a": [1]}))
    told = call(
        "PlanResourceChange",
        type_name="x_thing",
        prior_state=NIL,
        proposed_new_state=config,
        config=config,
    )
    planned = state(told.planned_state)
    assert planned == thing(
        text="t", any=dynamic({"a": [1]}), kind="plain", id=UNKNOWN, stamp=UNKNOWN
    )


def test_plan_of_an_update(call):
    prior = thing(text="t", kind="plain", id="1", stamp=1)

    def plan(config, **proposed):
        merged = {**prior, **config, **proposed}
        return call(
            "PlanResourceChange",
            type_name="x_thing",
            prior_state=prior,
            proposed_new_state=merged,
            config=thing(**config),
            prior_private=b'{"count": 1}',
        )

    same = plan({"text": "t"})
    assert state(same.planned_state) == prior
    blank = plan({"text": " t \n"})
    assert state(blank.planned_state) == prior
    secret = plan({"text": "t", "key_wo": "k"})
    assert state(secret.planned_state) == prior
    changed = plan({"text": "u"})
    assert state(changed.planned_state) == {**prior, "text": "u", "stamp": UNKNOWN}
    assert changed.planned_private == b'{"count": 1}'
    assert not changed.requires_replace
    renamed = plan({"name": "b", "text": "t"})
    assert renamed.requires_replace[0].steps[0].attribute_name == "name"
    gone = call(
        "PlanResourceChange",
        type_name="x_thing",
        prior_state=prior,
        proposed_new_state=NIL,
        config=NIL,
    )
    assert gone.planned_state.msgpack == NIL


def test_a_default_returns_when_the_configuration_leaves_the_attribute_out(call):
    prior = thing(kind="special", id="1", stamp=1)
    told = call(
        "PlanResourceChange",
        type_name="x_thing",
        prior_state=prior,
        proposed_new_state=prior,
        config=thing(),
    )
    assert state(told.planned_state)["kind"] == "plain"


def test_apply(call):
    planned = thing(text="t", kind="plain", id=UNKNOWN, stamp=UNKNOWN)
    told = call(
        "ApplyResourceChange",
        type_name="x_thing",
        prior_state=NIL,
        planned_state=planned,
        config=thing(key_wo="k"),
    )
    assert state(told.new_state) == thing(text="t", kind="plain", id="1", stamp=1)
    assert told.private == b'{"count": 1}'
    assert call.provider.seen == ["k"]
    told = call(
        "ApplyResourceChange",
        type_name="x_thing",
        prior_state=thing(),
        planned_state=NIL,
        config=NIL,
    )
    assert told.new_state.msgpack == NIL
    assert call.provider.seen[-1] == "deleted"


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("boom", "The provider failed unexpectedly"),
        ("refuse", "Refused"),
        ("leak", "`stamp` is still unknown after the change"),
    ],
)
def test_failures_keep_the_prior_state(call, text, summary, capsys):
    planned = thing(text=text, id=UNKNOWN, stamp=UNKNOWN)
    told = call(
        "ApplyResourceChange",
        type_name="x_thing",
        prior_state=NIL,
        planned_state=planned,
        config=thing(),
    )
    assert told.new_state.msgpack == NIL
    assert [d.summary for d in told.diagnostics] == [summary]
    everything = str(told) + capsys.readouterr().err
    assert "kanarienvogel" not in everything
    if text == "refuse":
        steps = told.diagnostics[0].attribute.steps
        assert (steps[1].element_key_int, steps[2].element_key_string) == (0, "size")


def test_read_and_import(call):
    kept = call("ReadResource", type_name="x_thing", current_state=thing(id="1"), private=b"")
    assert state(kept.new_state) == thing(id="1")
    assert kept.private == b'{"read": true}'
    assert (
        call(
            "ReadResource", type_name="x_thing", current_state=thing(name="gone")
        ).new_state.msgpack
        == NIL
    )
    told = call("ImportResourceState", type_name="x_thing", id="b")
    assert state(told.imported_resources[0].state) == thing(name="b")


def test_data_and_ephemeral(call):
    told = call("ReadDataSource", type_name="x_lookup", config={"q": "why", "a": None})
    assert unpack(told.state.msgpack, Lookup.schema.type) == {"q": "why", "a": "why!"}
    assert told.diagnostics[0].severity == 2
    told = call("OpenEphemeralResource", type_name="x_token", config={"v": None})
    assert unpack(told.result.msgpack, Token.schema.type) == {"v": "t"}
    renewal = (told.renew_at.seconds, told.private)
    assert renewal == (int(AT.timestamp()), b'{"name": "n"}')
    told = call("RenewEphemeralResource", type_name="x_token", private=told.private)
    assert (told.HasField("renew_at"), told.private) == (False, b'{"name": "nn"}')
    assert not call("CloseEphemeralResource", type_name="x_token", private=told.private).diagnostics
    assert call.provider.seen == [{"name": "nn"}]


@pytest.mark.parametrize("data", [b"\x0a\x05ab", b"\xff" * 12])
def test_a_request_that_cannot_be_read_is_a_diagnostic(call, data):
    future = call.loop.spawn(call.handlers["/tfplugin6.Provider/ReadResource"](data))
    call.loop.run(until=future)
    (found,) = protocol.types["ReadResourceResponse"].FromString(future.result()).diagnostics
    assert found.summary == "Terraform's request cannot be read"
    assert "In ReadResource:" in found.detail
