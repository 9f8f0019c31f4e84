"""Numbers between bounds."""

from __future__ import annotations

import math

from penstock.model.found import found, quoted
from penstock.model.frozen import Json
from penstock.model.input.base import Unfit


def bounded(value: float, low: float | None, high: float | None) -> int | float:
    """The number, when it is between the bounds or one of them. Raises `Unfit`."""
    if low is not None and value < low:
        raise Unfit(f"it must be more than `{low}`")
    if high is not None and value > high:
        raise Unfit(f"it must be less than `{high}`")
    return value


def real(value: Json) -> float:
    """A finite number, also of a text. Raises `Unfit`."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Unfit(unreadable(value))
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise Unfit(unreadable(value)) from None
    if not math.isfinite(number):
        raise Unfit("the number must be finite")
    return number


def unreadable(value: Json) -> str:
    """Why a value is no number."""
    if isinstance(value, str):
        return f'For input string: "{quoted(value)}"'
    return f"expected a number, found {found(value)}"
