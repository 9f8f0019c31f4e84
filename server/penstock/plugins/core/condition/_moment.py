"""Moments and times of day in conditions."""

from __future__ import annotations

from datetime import UTC, datetime, time

from penstock.expression.error import ExpressionError, quoted
from penstock.expression.moment import read_moment, zone_of


def moment(text: str) -> datetime:
    """A moment. Raises `ExpressionError`."""
    return read_moment(text, zone_of(None))


def clock(text: str) -> time:
    """A time of day with its offset, UTC when it has none. Raises `ExpressionError`."""
    try:
        found = time.fromisoformat(text)
    except ValueError:
        raise ExpressionError(
            f"{quoted(text)} is no time of day.", hint="Write it such as `16:00:00Z`."
        ) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
