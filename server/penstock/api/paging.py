"""Cursors of lists."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

import orjson
from fastapi import Query

from penstock.api.problem import invalid
from penstock.model.problem import Problem
from penstock.service import form

_BEYOND = 2**53

Limit = Annotated[int, Query(ge=1, le=1_000, description="How many items at most.")]
Cursor = Annotated[
    str | None, Query(description="The `nextCursor` of the page before.", max_length=1_000)
]
Namespace = Annotated[
    str | None, Query(description="Only this namespace and those below it.", max_length=150)
]


def encode(place: tuple[str | int, ...] | str | int | None) -> str | None:
    """The cursor of the page after a place, or None when there is none."""
    if place is None:
        return None
    return form.cursor(place if isinstance(place, tuple) else (place,))


def decode_text(cursor: str | None) -> str | None:
    """The one text in a cursor. Raises `InvalidObject` when it is none of ours."""
    found = decode_texts(cursor, 1)
    return None if found is None else found[0]


def decode_texts(cursor: str | None, count: int) -> tuple[str, ...] | None:
    """The texts in a cursor. Raises `InvalidObject` when it is none of ours."""
    if cursor is None:
        return None
    found = _decode(cursor)
    if len(found) != count or not all(isinstance(value, str) for value in found):
        raise invalid([Problem("This cursor is none of ours.", path="cursor", code="invalid")])
    return tuple(str(value) for value in found)


def decode_number(cursor: str | None) -> int | None:
    """The number in a cursor. Raises `InvalidObject` when it is none of ours."""
    if cursor is None:
        return None
    found = _decode(cursor)
    number = found[0] if len(found) == 1 else None
    if isinstance(number, int) and 0 <= number < _BEYOND:
        return number
    raise invalid([Problem("This cursor is none of ours.", path="cursor", code="invalid")])


def _decode(cursor: str) -> list[object]:
    try:
        found = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        return []
    return found if isinstance(found, list) else []
