"""The types that a key-value pair's value can have."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from enum import StrEnum

from pydantic import TypeAdapter, ValidationError

from penstock.model.frozen import Json


class KvType(StrEnum):
    """What the value of a pair is; dates and durations are texts in ISO 8601."""

    STRING = "STRING"
    NUMBER = "NUMBER"
    BOOLEAN = "BOOLEAN"
    DATETIME = "DATETIME"
    DATE = "DATE"
    DURATION = "DURATION"
    JSON = "JSON"


OF_TEXT = frozenset({KvType.DATETIME, KvType.DATE, KvType.DURATION})
"""Types that a value does not show by itself, so that they are kept beside it."""


def type_of(value: Json, said: KvType | None = None) -> KvType:
    """The type of a value; `said` counts when the value is a text."""
    match value:
        case bool():
            return KvType.BOOLEAN
        case int() | float():
            return KvType.NUMBER
        case str():
            return said if said in OF_TEXT else KvType.STRING
        case _:
            return KvType.JSON


def merged(old: Json, patch: Json) -> Json:
    """`patch` over `old`: maps are merged entry by entry at every depth, all else is replaced."""
    if not isinstance(old, dict) or not isinstance(patch, dict):
        return patch
    found = dict(old)
    for key, value in patch.items():
        found[key] = merged(old[key], value) if key in old else value
    return found


_SHAPES: dict[KvType, tuple[TypeAdapter[object], str]] = {
    KvType.DATETIME: (TypeAdapter(datetime), "[0-9]{4}-.*T.*"),
    KvType.DATE: (TypeAdapter(date), "[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    KvType.DURATION: (TypeAdapter(timedelta), "-?P.*"),
}


def fits(value: Json, said: KvType | None) -> bool:
    """Whether a value is of the type that is said of it; any JSON is JSON."""
    if said is None or said is KvType.JSON:
        return True
    if said not in _SHAPES:
        return type_of(value) is said
    adapter, shape = _SHAPES[said]
    if not isinstance(value, str) or not re.fullmatch(shape, value):
        return False
    try:
        adapter.validate_python(value)
    except ValidationError:
        return False
    return True
