"""Every call of the protocol with a small provider that knows nothing of Penstock."""

from __future__ import annotations

from typing import ClassVar

import pytest

from penstock_provider.framework import protocol
from penstock_provider.framework.core import Core
from penstock_provider.framework.diagnostics import Failure, Key
from penstock_provider.framework.loop import Loop
from penstock_provider.framework.resource import (
    ArgumentError,
    DataSource,
    EphemeralResource,
    Function,
    Parameter,
    Provider,
    Resource,
)
from penstock_provider.framework.schema import Attribute, Schema, nested
from penstock_provider.framework.values import (
    DYNAMIC,
    NUMBER,
    STRING,
    UNKNOWN,
    dynamic,
    pack,
    unpack,
)

NIL = b"\xc0"


class Thing(Resource):
    schema: ClassVar[Schema] = Schema(
        "A thing.",
        {
            "name": Attribute(
                STRING,
                "Name.",
                required=True,
                replace=True,
                check=lambda v: "Too long." if len(str(v)) > 9 else None,
            ),
            "text": Attribute(
                STRING, "Text.", optional=True, equal=lambda a, b: a.strip() == b.strip()
            ),
            "kind": Attribute(STRING, "Kind.", optional=True, computed=True, default="plain"),
            "any": Attribute(DYNAMIC, "Any.", optional=True),
            "parts": nested(
                {"size": Attribute(NUMBER, "Size.", optional=True)}, "Parts.", nesting="list"
            ),
            "key_wo": Attribute(STRING, "Key.", optional=True, write_only=True, sensitive=True),
            "id": Attribute(STRING, "Id.", computed=True),
            "stamp": Attribute(NUMBER, "Stamp.", computed=True, volatile=True),
        },
    )

    async def create(self, change):
        if change.planned["text"] == "boom":
            raise RuntimeError("kanarienvogel")
        if change.planned["text"] == "refuse":
            raise Failure("Refused", "Because.", path=("parts", 0, Key("size")))
        self.provider.seen.append(change.config.get("key_wo"))
        change.private["count"] = 1
        return {
            **change.planned,
            "id": "1",
            "stamp": UNKNOWN if change.planned["text"] == "leak" else 1,
        }

    async def read(self, reading):
        if reading.state["name"] == "gone":
            return None
        reading.private["read"] = True
        return reading.state

    async def update(self, change):
        return {**change.planned, "stamp": 2}

    async def delete(self, _):
        self.provider.seen.append("deleted")

    async def imported(self, identity):
        return {"name": identity}

    async def upgrade(self, _, state):
        return {"name": state["old_name"], "id": "1"}


class Lookup(DataSource):
    schema: ClassVar[Schema] = Schema(
        "Looks up.",
        {"q": Attribute(STRING, "Q.", required=True), "a": Attribute(STRING, "A.", computed=True)},
    )

    async def read(self, config, diagnostics):
        diagnostics.warning("Slow", path=("q",))
        return {**config, "a": config["q"] + "!"}


class Token(EphemeralResource):
    schema: ClassVar[Schema] = Schema(
        "A token.", {"v": Attribute(STRING, "V.", computed=True, sensitive=True)}
    )

    async def open(self, *_):
        return {"v": "t"}


class Double(Function):
    summary = "Doubles."
    description = "Doubles a number."
    parameters = (Parameter("n", NUMBER, "N."),)
    returns = NUMBER

    def call(self, *arguments):
        if arguments[0] == 13:
            raise ArgumentError(0, "not that one")
        return arguments[0] * 2


class Small(Provider):
    schema: ClassVar[Schema] = Schema(
        "Small.",
        {"url": Attribute(STRING, "Url.", optional=True)},
        {"run": Schema("Run.", {"id": Attribute(STRING, "Id.", optional=True)})},
    )

    def __init__(self, loop):
        super().__init__(loop)
        self.seen = []

    def resources(self):
        return {"x_thing": Thing}

    def data_sources(self):
        return {"x_lookup": Lookup}

    def ephemeral_resources(self):
        return {"x_token": Token}

    def functions(self):
        return {"double": Double}

    async def configure(self, config, diagnostics, **_):
        self.seen.append(config)
        if config["url"] == "bad":
            diagnostics.error("Bad", path=("url",))

    def stop(self):
        self.seen.append("stopped")

    def close(self):
        self.seen.append("closed")


class Calls:
    """Calls methods by name, with and back to messages."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.provider = Small(self.loop)
        self.handlers = Core(self.provider).handlers()

    def __call__(self, method: str, **fields):
        request, response = protocol.METHODS[method]
        message = protocol.types[request]()
        for name, value in fields.items():
            if isinstance(value, dict):
                getattr(message, name).msgpack = pack(value)
            elif value is NIL:
                getattr(message, name).msgpack = NIL
            else:
                setattr(message, name, value)
        future = self.loop.spawn(
            self.handlers[f"/tfplugin6.Provider/{method}"](message.SerializeToString())
        )
        self.loop.run(until=future)
        return protocol.types[response].FromString(future.result())


@pytest.fixture
def call():
    calls = Calls()
    yield calls
    calls.loop.close()


def thing(**values):
    return Thing.schema.complete({"name": "a", **values})


def state(value):
    return unpack(value.msgpack, Thing.schema.type)


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


def test_upgrade(call):
    raw = protocol.types["UpgradeResourceStateRequest"](type_name="x_thing", version=0)
    for text, expected in (
        (b'{"name":"a","id":"1"}', {"id": "1"}),
        (b'{"name":"a","removed":1}', {}),
    ):
        raw.raw_state.json = text
        future = call.loop.spawn(
            call.handlers["/tfplugin6.Provider/UpgradeResourceState"](raw.SerializeToString())
        )
        call.loop.run(until=future)
        told = protocol.types["UpgradeResourceStateResponse"].FromString(future.result())
        assert b"removed" not in told.upgraded_state.json
        assert all(key.encode() in told.upgraded_state.json for key in expected)
    raw.version = 7
    raw.raw_state.json = b'{"old_name": "b"}'
    future = call.loop.spawn(
        call.handlers["/tfplugin6.Provider/UpgradeResourceState"](raw.SerializeToString())
    )
    call.loop.run(until=future)
    told = protocol.types["UpgradeResourceStateResponse"].FromString(future.result())
    assert state(told.upgraded_state) == thing(name="b", id="1")


def test_move_is_refused_with_a_cure(call):
    told = call("MoveResourceState", source_type_name="y", target_type_name="x_thing")
    assert "import" in told.diagnostics[0].detail


def test_data_ephemeral_function(call):
    told = call("ReadDataSource", type_name="x_lookup", config={"q": "why", "a": None})
    assert unpack(told.state.msgpack, Lookup.schema.type) == {"q": "why", "a": "why!"}
    assert told.diagnostics[0].severity == 2
    told = call("OpenEphemeralResource", type_name="x_token", config={"v": None})
    assert unpack(told.result.msgpack, Token.schema.type) == {"v": "t"}
    assert not call("CloseEphemeralResource", type_name="x_token").diagnostics
    assert not call("RenewEphemeralResource", type_name="x_token").diagnostics
    for number, result in ((21, pack(42)), (13, b"")):
        request = protocol.types["CallFunctionRequest"](name="double")
        request.arguments.add(msgpack=pack(number))
        future = call.loop.spawn(
            call.handlers["/tfplugin6.Provider/CallFunction"](request.SerializeToString())
        )
        call.loop.run(until=future)
        told = protocol.types["CallFunctionResponse"].FromString(future.result())
        assert told.result.msgpack == result
    assert (told.error.text, told.error.function_argument) == ("not that one", 0)


@pytest.mark.parametrize("data", [b"\x0a\x05ab", b"\xff" * 12])
def test_a_request_that_cannot_be_read_is_a_diagnostic(call, data):
    future = call.loop.spawn(call.handlers["/tfplugin6.Provider/ReadResource"](data))
    call.loop.run(until=future)
    (found,) = protocol.types["ReadResourceResponse"].FromString(future.result()).diagnostics
    assert found.summary == "Terraform's request cannot be read"
    assert "In ReadResource:" in found.detail
