"""Points in time between bounds, as texts in ISO 8601."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Annotated, TypeVar

from pydantic import AfterValidator

from penstock.model.input.base import Unfit

T = TypeVar("T", datetime, date, time)


def instant(text: str) -> datetime:
    """A date with a time and an offset, in UTC. Raises `Unfit`."""
    cause = "expected a date with a time and an offset, such as `2026-01-31T08:00:00Z`"
    try:
        at = datetime.fromisoformat(text.strip())
        found = at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unfit(cause) from None
    if at.tzinfo is None or "T" not in text.upper():
        raise Unfit(cause)
    return found


def day(text: str) -> date:
    """A date. Raises `Unfit`."""
    text, cause = text.strip(), "expected a date such as `2026-01-31`"
    if len(text) != len("2026-01-31"):
        raise Unfit(cause)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unfit(cause) from None


def clock(text: str) -> time:
    """A time of day without offset. Raises `Unfit`."""
    cause = "expected a time such as `08:30:00`"
    try:
        at = time.fromisoformat(text.strip())
    except ValueError:
        raise Unfit(cause) from None
    if at.tzinfo is not None or ":" not in text:
        raise Unfit(cause)
    return at


def within(value: T, after: str | None, before: str | None, read: Callable[[str], T]) -> T:
    """The point in time, when it is between the bounds or one of them. Raises `Unfit`."""
    if after is not None and value < read(after):
        raise Unfit(f"it must be after `{after}`")
    if before is not None and value > read(before):
        raise Unfit(f"it must be before `{before}`")
    return value


def _readable(read: Callable[[str], T]) -> Callable[[str | None], str | None]:
    def check(value: str | None) -> str | None:
        if value is not None:
            try:
                read(value)
            except Unfit as error:
                raise ValueError(str(error)) from None
        return value

    return check


InstantBound = Annotated[str | None, AfterValidator(_readable(instant))]
DayBound = Annotated[str | None, AfterValidator(_readable(day))]
ClockBound = Annotated[str | None, AfterValidator(_readable(clock))]
