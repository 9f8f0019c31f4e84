"""How deep values may be nested, so that everything that walks through them comes to its end."""

from __future__ import annotations

import orjson

from penstock.model.frozen import Json

MOST = 100
"""Levels of lists and maps within each other; what stores and answers adds a few more."""


class TooDeep(ValueError):
    """A value has more levels than `MOST`."""

    def __init__(self) -> None:
        super().__init__(f"it is nested more than {MOST} levels deep; make it flatter")


def parsed(text: str | bytes) -> Json:
    """The value of a text in JSON.

    Raises:
        TooDeep: it has too many levels.
        JSONDecodeError: of orjson; it is no JSON.
    """
    value: Json = orjson.loads(text)
    brackets = (
        text.count(b"[") + text.count(b"{")
        if isinstance(text, bytes)
        else text.count("[") + text.count("{")
    )
    # Most texts have fewer brackets than levels are allowed: nothing is walked through.
    if brackets > MOST:
        hold(value)
    return value


def hold(value: Json) -> None:
    """Raises `TooDeep` when a value has too many levels."""
    level = [value]
    for _ in range(MOST):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return
    raise TooDeep
