"""A small provider that knows nothing of Penstock, and calls of it by their names in the protocol."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from penstock_provider.framework import protocol
from penstock_provider.framework.action import Action
from penstock_provider.framework.core import Core
from penstock_provider.framework.diagnostics import Failure, Key
from penstock_provider.framework.function import ArgumentError, Function, Parameter
from penstock_provider.framework.listing import Listed, ListResource
from penstock_provider.framework.loop import Loop
from penstock_provider.framework.resource import (
    DataSource,
    EphemeralResource,
    Opened,
    Origin,
    Provider,
    Renewal,
    Resource,
)
from penstock_provider.framework.schema import Attribute, Schema, nested
from penstock_provider.framework.values import (
    DYNAMIC,
    NUMBER,
    STRING,
    UNKNOWN,
    pack,
    unpack,
)

NIL = b"\xc0"
AT = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)


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
        version=2,
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

    identified_by = ("name",)
    upgrades: ClassVar = {
        0: lambda old: {"title": old["old_name"], "removed": 1},
        1: lambda old: {"name": old["title"], "any": {"type": "string", "value": "v"}},
    }
    origins = (Origin(("r.io/acme/acme",), "acme_item", lambda old: {"name": old["slug"]}),)

    def written(self, state):
        return {**state, "text": None if state["text"] == "as the name" else state["text"]}


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
        return Opened({"v": "t"}, Renewal(AT, {"name": "n"}))

    async def renew(self, private):
        return Renewal(None, {"name": private["name"] + "n"})

    async def close(self, private):
        self.provider.seen.append(private)


class Double(Function):
    summary = "Doubles."
    description = "Doubles a number."
    parameters = (Parameter("n", NUMBER, "N."),)
    variadic = Parameter("more", NUMBER, "More.", null=True)
    returns = NUMBER

    async def call(self, *arguments):
        if 13 in arguments:
            raise ArgumentError(arguments.index(13), "not that one")
        return sum(n for n in arguments if n) * 2


class Things(ListResource):
    schema: ClassVar[Schema] = Schema(
        "Things.", {"prefix": Attribute(STRING, "Prefix.", optional=True)}
    )

    async def find(self, query):
        prefix = query.config["prefix"] or ""
        if prefix == "boom":
            raise RuntimeError("kanarienvogel")
        for number in range(9):
            self.provider.seen.append(number)
            yield Listed(thing(name=f"{prefix}{number}", id="1"), f"Thing {number}")


class Ring(Action):
    schema: ClassVar[Schema] = Schema(
        "Rings.", {"times": Attribute(NUMBER, "Times.", required=True)}
    )

    async def plan(self, config, diagnostics):
        if config["times"] == UNKNOWN:
            diagnostics.warning("Not known yet", path=("times",))

    async def invoke(self, config, diagnostics, *, progress):
        for number in range(config["times"]):
            progress(f"ring {number}")
            if number == 2:
                raise Failure("It broke", path=("times",))
        diagnostics.warning("Loud")


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

    def list_resources(self):
        return {"x_thing": Things}

    def actions(self):
        return {"x_ring": Ring}

    def addresses(self):
        return ("r.io/x/x", "r.org/x/x")

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
        core = Core(self.provider)
        self.handlers, self.streams = core.handlers(), core.streams()

    def stream(self, method: str, **fields):
        request, event = protocol.STREAMS[method]
        events: list = []

        def send(data: bytes) -> bool:
            events.append(protocol.types[event].FromString(data))
            return True

        handler = self.streams[f"/tfplugin6.Provider/{method}"]
        data = self.message(request, fields).SerializeToString()
        future = self.loop.spawn(handler(data, send))
        self.loop.run(until=future)
        assert future.result() is None
        return events

    def message(self, request: str, fields):
        """Values become dynamic values, those of raw states JSON."""
        message = protocol.types[request]()
        for name, value in fields.items():
            if isinstance(value, dict) and name.endswith("identity"):
                getattr(message, name).identity_data.msgpack = pack(value)
            elif isinstance(value, dict):
                getattr(message, name).msgpack = pack(value)
            elif isinstance(value, list):
                getattr(message, name).extend(value)
            elif name in {"raw_state", "source_state", "raw_identity"}:
                getattr(message, name).json = value
            elif value is NIL:
                getattr(message, name).msgpack = NIL
            else:
                setattr(message, name, value)
        return message

    def __call__(self, method: str, **fields):
        request, response = protocol.METHODS[method]
        message = self.message(request, fields)
        future = self.loop.spawn(
            self.handlers[f"/tfplugin6.Provider/{method}"](message.SerializeToString())
        )
        self.loop.run(until=future)
        return protocol.types[response].FromString(future.result())


def thing(**values):
    return Thing.schema.complete({"name": "a", **values})


def state(value):
    return unpack(value.msgpack, Thing.schema.type)
