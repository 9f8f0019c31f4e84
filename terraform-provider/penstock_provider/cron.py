"""Fire times of cron expressions: what the server computes, without the server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from itertools import islice

_NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_FIELDS = ("second", "minute", "hour", "day of month", "month", "day of week")
_COUNTS = (len(_FIELDS) - 1, len(_FIELDS))
_LONGEST = 500
_ANY = datetime(2024, 1, 1, tzinfo=UTC)


def problem(text: str) -> str | None:
    """What is wrong with an expression of five fields, six with seconds, as a sentence; or None."""
    if len(text) > _LONGEST:
        return f"it is longer than {_LONGEST} characters."
    expression = _written_out(text)
    if expression.startswith("@"):
        return f'"{text}" is no nickname: there are {", ".join(_NICKNAMES)}.'
    fields = expression.split()
    if len(fields) not in _COUNTS:
        return (
            f'"{text}" has {len(fields)} fields, but needs five (minute, hour, day of month, '
            "month, day of week), or six with seconds first."
        )
    for index, name in enumerate(_FIELDS[-len(fields) :]):
        alone = ["*"] * len(fields)
        alone[index] = fields[index]
        if not _fires(" ".join(alone)):
            return f'"{fields[index]}" is no {name}.'
    return None if _fires(" ".join(fields)) else f'there is no such date as "{text}" asks for.'


def next_times(text: str, zone: tzinfo, after: datetime, n: int) -> list[datetime]:
    """Up to ``n`` fire times after a moment, in the zone; the expression has no ``problem``."""
    return [*islice(_times(_written_out(text), after.astimezone(zone)), n)]


def _written_out(text: str) -> str:
    return _NICKNAMES.get(text.strip().lower(), text)


def _times(expression: str, start: datetime) -> Iterator[datetime]:
    from cronsim import CronSim  # noqa: PLC0415 (most processes never need it)

    return iter(CronSim(expression, start))


def _fires(expression: str) -> bool:
    from cronsim import CronSimError  # noqa: PLC0415 (most processes never need it)

    try:
        next(_times(expression, _ANY))
    except (CronSimError, AssertionError, StopIteration):
        return False
    return True
