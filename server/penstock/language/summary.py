"""What changes between two flows, in a line for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import BaseModel

from penstock.language.input_order import entries
from penstock.language.shape import shape_of
from penstock.model.flow import Flow
from penstock.model.task import Task

_LISTS = ("tasks", "errors", "finally_", "after_execution")
_NAMED = frozenset({*_LISTS, "triggers", "inputs", "outputs", "id", "namespace", "revision"})
_MOST = 6
"""So many of a kind are named."""
_SAME = "only layout or comments changed"


def summary(before: Flow | None, after: Flow) -> str:
    """``2 tasks changed: load (containerImage), notify (added); 1 input changed: day (removed)``.

    Of a new flow, what it has.
    """
    parts = _new(after) if before is None else [*_changes(before, after)]
    return "; ".join(parts) or _SAME


def _new(flow: Flow) -> list[str]:
    return [
        f"new: {_counted(len(names), what)} ({_listed(names)})"
        if what == "task"
        else f"{_counted(len(names), what)} ({_listed(names)})"
        for what, parts in _parts(flow).items()
        if (names := [*parts])
    ]


def _changes(before: Flow, after: Flow) -> Iterable[str]:
    old, new = _parts(before), _parts(after)
    for what, parts in new.items():
        found = [*_compared(old[what], parts)]
        if found:
            yield f"{_counted(len(found), what)} changed: {_listed(found)}"
    orders = ([task.id for task in flow.tasks] for flow in (before, after))
    first, second = ([name for name in order if name in old["task"]] for order in orders)
    if first != second and {*first} == {*second}:
        yield "order of tasks changed"
    rest = [name for name in _differing(before, after) if name not in _NAMED]
    if rest:
        yield f"changed: {_listed([_written(before, name) for name in rest])}"


def _parts(flow: Flow) -> dict[str, dict[str, BaseModel]]:
    return {
        "task": {task.id: task for task in flow.all_tasks()},
        "trigger": {trigger.id: trigger for trigger in flow.triggers},
        "input": {entry.id: entry.declared for entry in entries(flow.inputs)},
        "output": {output.id: output for output in flow.outputs},
    }


def _compared(old: Mapping[str, BaseModel], new: Mapping[str, BaseModel]) -> Iterable[str]:
    for name, part in new.items():
        before = old.get(name)
        if before is None:
            yield f"{name} (added)"
        elif type(before) is not type(part):
            yield f"{name} (type)"
        else:
            differing = [_written(part, each) for each in _differing(before, part)]
            if differing:
                yield f"{name} ({', '.join(differing)})"
    yield from (f"{name} (removed)" for name in old if name not in new)


def _differing(before: BaseModel, after: BaseModel) -> list[str]:
    return [
        name
        for name in type(after).model_fields
        if _masked(getattr(before, name, None)) != _masked(getattr(after, name))
    ]


def _masked(value: object) -> object:
    """A value in which tasks are only their names: they are compared by themselves."""
    if isinstance(value, Task):
        return ("task", value.id)
    if isinstance(value, BaseModel):
        return {name: _masked(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, dict):
        return {key: _masked(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked(item) for item in value]
    return value


def _written(part: BaseModel, name: str) -> str:
    """A field as it is written in texts."""
    keys = {known.field: known.current for known in shape_of(type(part)).keys.values()}
    return keys.get(name, name)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _listed(names: list[str]) -> str:
    shown = names[:_MOST]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
