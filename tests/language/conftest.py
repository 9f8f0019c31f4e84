"""A small set of types that never changes, so that tests can name every one of them."""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

import pytest
from pydantic import Field

from penstock.language.shape import nearest_name
from penstock.model.condition import Condition
from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Frozen, Json
from penstock.model.task import Task
from penstock.model.trigger import Trigger


class Echo(Task):
    type_name: ClassVar[str] = "test.Echo"
    text: Dynamic[str]
    count: Dynamic[Annotated[int, Field(ge=0)]] = 1
    ratio: float | None = None
    wait: Dynamic[timedelta | None] = None
    tags: Dynamic[tuple[str, ...]] = ()
    names: dict[str, str] = Field(default_factory=dict)
    mode: Literal["fast", "slow"] = "fast"


class Values(Task):
    type_name: ClassVar[str] = "test.Values"
    values: Dynamic[dict[str, Json]]


class Basic(Frozen):
    type: Literal["BASIC"]
    username: Dynamic[str]


class Bearer(Frozen):
    type: Literal["BEARER"]
    token: Dynamic[str]


class Limits(Frozen):
    read_timeout: Dynamic[timedelta] = timedelta(seconds=1)


class Options(Frozen):
    limits: Limits | None = None
    auth: Annotated[Basic | Bearer, Field(discriminator="type")] | None = None
    extra: tuple[Limits, ...] = ()


class Fetch(Task):
    type_name: ClassVar[str] = "test.Fetch"
    uri: Dynamic[str]
    options: Options | None = None


class Group(Task):
    type_name: ClassVar[str] = "test.Group"
    task_fields: ClassVar[tuple[str, ...]] = ("tasks", "else_", "errors")
    tasks: Annotated[tuple[Task, ...], Field(min_length=1)]
    else_: Annotated[tuple[Task, ...], Field(alias="else")] = ()
    errors: tuple[Task, ...] = ()


class Call(Task):
    type_name: ClassVar[str] = "test.Call"
    namespace: Dynamic[str]
    flow_id: Dynamic[str]


class Clock(Trigger):
    type_name: ClassVar[str] = "test.Clock"
    every: timedelta


_TASKS: dict[str, type[Task]] = {cls.type_name: cls for cls in (Echo, Values, Fetch, Group, Call)}
_CONDITIONS: dict[str, type[Condition]] = {}
_TRIGGERS: dict[str, type[Trigger]] = {Clock.type_name: Clock}
_OLD = {"old.Echo": "test.Echo"}


class Catalog:
    def canonical(self, type_name: str, /) -> str:
        name = type_name.removeprefix("io.kestra.plugin.")
        return _OLD.get(name, name)

    def is_deprecated(self, type_name: str, /) -> bool:
        return type_name in _OLD

    def load_task(self, type_name: str, /) -> type[Task] | None:
        return _TASKS.get(self.canonical(type_name))

    def load_trigger(self, type_name: str, /) -> type[Trigger] | None:
        return _TRIGGERS.get(self.canonical(type_name))

    def load_condition(self, type_name: str, /) -> type[Condition] | None:
        return _CONDITIONS.get(type_name)

    def names(self) -> tuple[str, ...]:
        return (*_TASKS, *_TRIGGERS)

    def nearest(self, type_name: str, /) -> str | None:
        return nearest_name(type_name, self.names())


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return Catalog()
