"""What a loop goes through: values of a list, a map, or the text of one."""

from __future__ import annotations

import contextlib
import json

from penstock.model.frozen import Json
from penstock.sdk.flowable import Render
from penstock.sdk.task import TaskFailed

_MOST_SHOWN = 100
_MOST = 100_000


def items_of(name: str, values: Json, render: Render) -> list[Json]:
    """The items of a list, or of an expression that renders to one.

    Raises:
        TaskFailed: it is none, or null is among them; `name` is the property's.
    """
    rendered = parsed(values, render)
    if not isinstance(rendered, list | tuple):
        raise TaskFailed(
            f"`{name}` must be a list or an expression that renders to a JSON array; "
            f"it rendered to {shown(rendered)}."
        )
    if None in rendered:
        raise TaskFailed(
            f"`{name}` must not contain null; item {rendered.index(None)} (from 0) is null."
        )
    return list(rendered)


def parsed(values: Json, render: Render) -> Json:
    """The rendered value, read as JSON when it is a text that is JSON."""
    rendered = render(values, typed=True) if isinstance(values, str) else render(values)
    if isinstance(rendered, str):
        with contextlib.suppress(ValueError):
            return json.loads(rendered)
    return rendered


def shown(value: Json) -> str:
    """A value for a sentence."""
    # Never a piece: of a secret nobody would know it again, to hide it.
    text = str(value)
    return f"`{text}`" if len(text) <= _MOST_SHOWN else f"a value of {len(text)} characters"


def text_of(value: Json) -> str:
    """A value as `taskrun.value`: objects become JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def distinct(name: str, items: list[Json]) -> tuple[str, ...]:
    """The texts of items, each once. Raises `TaskFailed` as `bounded` does."""
    return bounded(name, tuple(dict.fromkeys(map(text_of, items))))


def bounded(name: str, values: tuple[str, ...]) -> tuple[str, ...]:
    """The values. Raises `TaskFailed` when they are too many; `name` is the property's."""
    if len(values) > _MOST:
        raise TaskFailed(
            f"`{name}` are {len(values):,}; a loop has at most {_MOST:,} iterations. Write them "
            "to a file, split it with `core.storage.Split` and give each part to a flow of its own."
        )
    return values
