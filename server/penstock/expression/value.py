"""The values of the language, and their texts."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TypeAlias

import orjson

from penstock.expression.error import ExpressionError, LimitError
from penstock.expression.limit import DEFAULT_LIMITS, Limits

Scalar: TypeAlias = bool | int | float | Decimal | str | bytes | date | time | timedelta | None
Value: TypeAlias = "Scalar | Sequence[Value] | Mapping[str, Value]"
Number: TypeAlias = int | float | Decimal

Function: TypeAlias = Callable[..., Value]
"""A function a template may call; named arguments arrive in snake_case."""

Queries: TypeAlias = Callable[[str, str, Limits], str]
"""Runs a jq query on a JSON text within limits; gives all results as the text of a JSON list."""

_NESTING = 100
_SCIENTIFIC_FROM = 1e7
_SCIENTIFIC_BELOW = 1e-3


def is_number(value: Value) -> bool:
    """Whether it is a number; booleans are not."""
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def type_name(value: Value) -> str:
    """The word for its type in error messages."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float, Decimal)):
        return "a number"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, Mapping):
        return "a map"
    if isinstance(value, bytes):
        return "bytes"
    if isinstance(value, Sequence):
        return "a list"
    return "a date" if isinstance(value, date) else "a time"


def to_text(value: Value, limits: Limits = DEFAULT_LIMITS) -> str:
    """How a value is printed: null "", true/false, Java's decimals, ISO dates, compact JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, float):
        return float_text(value)
    if isinstance(value, (Mapping, list, tuple)):
        return to_json(value, limits)
    if isinstance(value, int):
        return str(value)
    return _special_text(value)


def _special_text(value: Value) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return datetime_text(value)
    if isinstance(value, timedelta):
        return duration_text(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (date, time)):
        return value.isoformat()
    raise ExpressionError(f"{type_name(value).capitalize()} cannot be printed.")


def float_text(value: float) -> str:
    """A decimal as Java prints it: `3.0`, `1.0E10`, `Infinity`."""
    if math.isfinite(value):
        size = abs(value)
        if size == 0 or _SCIENTIFIC_BELOW <= size < _SCIENTIFIC_FROM:
            return repr(value)
        sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
        figures = "".join(map(str, digits))
        power = len(figures) - 1 + int(exponent)
        return f"{'-' if sign else ''}{figures[0]}.{figures[1:] or '0'}E{power}"
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def datetime_text(value: datetime) -> str:
    """ISO 8601 with the offset, `Z` for UTC."""
    text = value.isoformat(timespec="milliseconds" if value.microsecond % 1000 == 0 else "auto")
    text = text.replace(".000", "", 1) if value.microsecond == 0 else text
    return f"{text[:-6]}Z" if text.endswith("+00:00") else text


def duration_text(value: timedelta) -> str:
    """ISO 8601 in hours, minutes and seconds, such as `PT36H` or `PT0.5S`."""
    micros = value // timedelta(microseconds=1)
    sign = "-" if micros < 0 else ""
    seconds, micros = divmod(abs(micros), 1_000_000)
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    second = f"{rest}.{micros:06d}".rstrip("0") if micros else str(rest)
    parts = [
        f"{sign}{hours}H" if hours else "",
        f"{sign}{minutes}M" if minutes else "",
        f"{sign}{second}S" if rest or micros else "",
    ]
    return f"PT{''.join(parts) or '0S'}"


def to_json(value: Value, limits: Limits = DEFAULT_LIMITS) -> str:
    """Compact JSON; dates and durations as ISO text."""
    limits.check_size(weigh(value))
    try:
        return orjson.dumps(value, default=_json_default, option=_OPTIONS).decode()
    except TypeError:
        # Integers beyond 64 bits and lone surrogates are outside orjson's range.
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_json_default)


def from_json(text: str) -> Value:
    """The value of a JSON text.

    Raises:
        ExpressionError: the text is not JSON; says where.
    """
    try:
        return orjson.loads(text)
    except ValueError as error:
        reason = str(error)
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise ExpressionError(f"The text is not JSON: {reason}.") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_OPTIONS = (
    orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS
)


def _json_default(value: Value) -> Value:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, (bool, int)):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return list(value)
    return _special_text(value)


def weigh(value: Value) -> int:
    """Characters of its JSON, roughly; shared parts count each time but are walked once.

    Whatever walks a value asks this first: a template can build a value whose parts are shared so
    often that a plain walk would never end.

    Raises:
        LimitError: it is nested too deeply, or contains itself.
    """
    return _weigh(value, {}, 0)


def _weigh(value: Value, seen: dict[int, int], depth: int) -> int:
    if isinstance(value, str):
        return len(value) + 2
    if not isinstance(value, (Mapping, list, tuple)):
        return 4
    known = seen.get(id(value))
    if known is not None:
        return known
    if depth > _NESTING:
        raise LimitError(f"The value is nested more than {_NESTING} levels deep.")
    total = 2
    if isinstance(value, Mapping):
        for key, item in value.items():
            total += len(key) + 4 if isinstance(key, str) else 8
            total += _weigh(item, seen, depth + 1)
    else:
        for item in value:
            total += _weigh(item, seen, depth + 1) + 1
    seen[id(value)] = total
    return total
