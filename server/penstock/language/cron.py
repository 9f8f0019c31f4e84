"""Cron expressions: checked, and their fire times; computed by cronsim."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_FIELDS = ("minute", "hour", "day of month", "month", "day of week")
_LONGEST = 500
_ANY = datetime(2024, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=1_024)
def check_cron(text: str) -> str | None:
    """What is wrong with a cron expression of 5 fields, 6 with seconds, as a sentence; or None."""
    if len(text) > _LONGEST:
        return f"invalid cron expression: it is longer than {_LONGEST} characters"
    plain = NICKNAMES.get(text.strip().lower(), text)
    if plain.startswith("@"):
        return f"invalid cron expression '{text}': there are {', '.join(NICKNAMES)}"
    fields = plain.split()
    if len(fields) not in (5, 6):
        return (
            f"invalid cron expression '{text}': it has {len(fields)} fields, but needs 5 "
            "(minute, hour, day of month, month, day of week), or 6 with seconds first"
        )
    names = _FIELDS if len(fields) == len(_FIELDS) else ("second", *_FIELDS)
    for index, name in enumerate(names):
        probe = ["*"] * len(names)
        probe[index] = fields[index]
        try:
            CronSim(" ".join(probe), _ANY)
        except (CronSimError, AssertionError):
            return f"invalid cron expression '{text}': '{fields[index]}' is no {name}"
    try:
        next(CronSim(" ".join(fields), _ANY))
    except (CronSimError, StopIteration):
        return f"invalid cron expression '{text}': there is no such date"
    return None


def next_fire(cron: str, timezone: str, after: datetime) -> datetime | None:
    """The first fire time after a moment, in UTC; None when there is none within 50 years.

    Raises:
        ValueError: `check_cron` says what is wrong with the expression.
    """
    return next(iter(next_fires(cron, timezone, after, 1)), None)


def next_fires(cron: str, timezone: str, after: datetime, n: int) -> list[datetime]:
    """Up to `n` fire times after a moment, in UTC; see `next_fire`."""
    return list(islice(_fires(cron, timezone, after), n))


def _fires(
    cron: str, timezone: str, start: datetime, *, backwards: bool = False
) -> Iterator[datetime]:
    plain = NICKNAMES.get(cron.strip().lower(), cron)
    try:
        times = CronSim(plain, start.astimezone(ZoneInfo(timezone)), reverse=backwards)
    except CronSimError:
        raise ValueError(check_cron(cron) or f"invalid cron expression '{cron}'") from None
    for at in times:
        yield at.astimezone(UTC)


def previous_fire(cron: str, timezone: str, before: datetime) -> datetime | None:
    """The last fire time before a moment, in UTC; None when there is none within 50 years.

    Raises:
        ValueError: `check_cron` says what is wrong with the expression.
    """
    return next(iter(_fires(cron, timezone, before, backwards=True)), None)
