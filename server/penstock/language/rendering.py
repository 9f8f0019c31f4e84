"""Renders a task's dynamic properties and gives them their real types."""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol, TypeVar, cast

import orjson
from pydantic import BaseModel, JsonValue, ValidationError

from penstock.expression import ExpressionError
from penstock.language.found import found
from penstock.language.node import path_text
from penstock.language.sentence import expectation
from penstock.language.shape import shape_of
from penstock.model.dynamic import RENDERED, Unrendered
from penstock.model.frozen import Json
from penstock.model.task import Entry, Task
from penstock.model.trigger import Trigger

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T", bound=Trigger)


class Render(Protocol):
    """Renders expressions deeply; `typed` keeps the type of a text that is one expression."""

    def __call__(self, value: Json, *, typed: bool = False) -> Json:
        """The rendered value."""
        ...


class RenderingFailed(Exception):
    """A property cannot be rendered, or renders to something that does not fit.

    Attributes:
        message: a sentence that names the property.
        path: the property within the task, such as ``options.timeout.readIdleTimeout``.
    """

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message)
        self.message = message
        self.path = path


class _Property(NamedTuple):
    name: str
    key: str
    typed: bool
    holds_models: bool


def render_task(task: Task, render: Render) -> Task:
    """The task with every dynamic property rendered and checked against its real type.

    Child tasks are left alone. A task without expressions is given back as it is.

    Raises:
        RenderingFailed: an expression fails, or its result does not fit the property.
    """
    return _model(task, render, ())


def render_trigger(trigger: T, render: Render) -> T:
    """The same for a trigger that asks somebody; its conditions are left out."""
    return _model(trigger.model_copy(update={"conditions": ()}), render, ())


def _model(model: M, render: Render, path: tuple[str | int, ...]) -> M:
    changed: dict[str, object] = {}
    for name, key, typed, holds_models in _plan(type(model)):
        value = getattr(model, name)
        if isinstance(value, Unrendered):
            changed[name] = _rendered(value, render, (*path, key), typed=typed)
        elif holds_models and value is not None:
            new = _within(value, lambda one, at: _model(one, render, at), (*path, key))
            if new is not value:
                changed[name] = new
    return _checked(model, changed, path) if changed else model


def _rendered(
    value: Unrendered, render: Render, path: tuple[str | int, ...], *, typed: bool
) -> Json:
    try:
        return render(cast("Json", value.value), typed=typed)
    except ExpressionError as error:
        where = path_text(path)
        raise RenderingFailed(f"`{where}` cannot be rendered: {error}", where) from error


def _within(
    value: object,
    change: Callable[[BaseModel, tuple[str | int, ...]], BaseModel],
    path: tuple[str | int, ...],
) -> object:
    """The value with the models in it changed; the same object when none changes."""
    if isinstance(value, Task):
        return value
    if isinstance(value, BaseModel):
        return change(value, path)
    if isinstance(value, tuple):
        items = [_within(item, change, (*path, index)) for index, item in enumerate(value)]
        same = all(new is old for new, old in zip(items, value, strict=True))
        return value if same else tuple(items)
    if isinstance(value, dict):
        entries = {key: _within(item, change, (*path, key)) for key, item in value.items()}
        return value if all(entries[key] is item for key, item in value.items()) else entries
    return value


def _checked(model: M, changed: dict[str, object], path: tuple[str | int, ...]) -> M:
    values = {name: getattr(model, name) for name in model.model_fields_set}
    values.update(changed)
    cls: type[M] = type(model)
    for _ in range(len(changed) + 1):
        try:
            return cls.model_validate(values, by_alias=False, by_name=True, context=RENDERED)
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False)
        name = next((str(one["loc"][0]) for one in details if one["loc"]), "")
        text = values.get(name)
        converted = _from_text(text) if name in changed and isinstance(text, str) else None
        if converted is None:
            break
        values[name] = converted.value
    key = next((one.key for one in _plan(cls) if one.name == name), name)
    where = path_text((*path, key)) if key else path_text(path) or "The task"
    raise RenderingFailed(
        f"`{where}` rendered to {found(values.get(name))}; {expectation(details)}.", where
    )


def _from_text(text: str) -> Unrendered | None:
    """What a text stands for where a list, a map or nothing is expected."""
    stripped = text.strip()
    if not stripped:
        return Unrendered(None)
    if stripped[0] not in "[{":
        return None
    try:
        return Unrendered(orjson.loads(stripped))
    except orjson.JSONDecodeError:
        return None


@functools.cache
def _plan(cls: type[BaseModel]) -> tuple[_Property, ...]:
    """The properties of a class that may hold something to render."""
    children = cls.task_fields if issubclass(cls, Task | Entry) else ()
    keys = {known.field: known.current for known in shape_of(cls).keys.values()}
    plan: list[_Property] = []
    for name, field in cls.model_fields.items():
        parts = [*field.metadata, *_parts(field.annotation)]
        models = any(isinstance(part, type) and issubclass(part, BaseModel) for part in parts)
        dynamic = any(type(part).__name__ == "_DynamicMarker" for part in parts)
        if name not in children and (dynamic or models):
            typed = any(part in (JsonValue, object, typing.Any) for part in parts)
            plan.append(_Property(name, keys.get(name, name), typed, models))
    return tuple(plan)


def _parts(annotation: object) -> Iterator[object]:
    yield annotation
    if annotation is JsonValue:
        return
    if typing.get_origin(annotation) is typing.Annotated:
        first, *metadata = typing.get_args(annotation)
        yield from metadata
        yield from _parts(first)
    elif typing.get_origin(annotation) in (typing.Union, types.UnionType, list, tuple, dict):
        for argument in typing.get_args(annotation):
            yield from _parts(argument)
