"""The moments of a timetable's entry: which are due, and which of those are still to be fired."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile

from penstock.service.timing import following, preceding
from penstock.store.timetable import TimetableEntry

_MOST_MISSED = 100
_MOST_TESTED = 5_000
"""Dates that a condition is tested on at once: more than ten years of days."""
_PUNCTUAL = timedelta(seconds=60)
_HORIZON = timedelta(days=3_653)

Holds = Callable[[datetime], bool]
Enough = Callable[[], bool]
"""Whether the time for tests of dates is over: one may take a tenth of a second."""


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Fires:
    """What to do with an entry that is due: the moments to fire, how many others are missed, and
    the first moment that is still to come.
    """

    wanted: tuple[datetime, ...]
    skipped: int
    upcoming: datetime | None


def fires(
    entry: TimetableEntry,
    now: datetime,
    holds: Holds | None = None,
    *,
    default: str = "ALL",
    enough: Enough = _never,
) -> Fires:
    """Decides about every due moment of an entry.

    Only moments for which `holds` count, if it is given. The latest one counts as missed when it
    is more than a minute old. Missed ones follow the entry's policy, or the `default`; of ALL the
    latest 100 are caught up on. Those that are not tested before it is `enough` are missed, the
    oldest first. Later than `late_maximum_seconds` none is fired.
    """
    due: deque[datetime] = deque(maxlen=_MOST_MISSED if holds is None else _MOST_TESTED)
    count = 0
    at = entry.next_fire_at
    while at is not None and at <= now:
        count += 1
        due.append(at)
        at = following(entry, at)
    wanted = list(due)
    if holds is not None:
        in_time = takewhile(lambda _: not enough(), reversed(due))
        fit = list(islice(filter(holds, in_time), _MOST_MISSED + 1))
        count -= 0 if enough() else len(due) - len(fit)
        wanted = fit[:_MOST_MISSED][::-1]
    policy = default if entry.missed == "DEFAULT" else entry.missed
    if policy == "LAST":
        wanted = wanted[-1:]
    elif policy == "NONE":
        wanted = [moment for moment in wanted[-1:] if now - moment <= _PUNCTUAL]
    if entry.late_maximum_seconds is not None:
        latest = now - timedelta(seconds=entry.late_maximum_seconds)
        wanted = [moment for moment in wanted if moment >= latest]
    return Fires(tuple(wanted), count - len(wanted), at)


def next_wanted(
    entry: TimetableEntry, after: datetime, holds: Holds | None, enough: Enough = _never
) -> datetime | None:
    """The first moment after another for which `holds`, within ten years and 5,000 moments; None
    when it is `enough` before one is found.
    """
    return _first(lambda at: following(entry, at), after, holds, enough)


def previous_wanted(
    entry: TimetableEntry, before: datetime, holds: Holds | None, enough: Enough = _never
) -> datetime | None:
    """The last one before another, likewise."""
    return _first(lambda at: preceding(entry, at), before, holds, enough)


def _first(
    step: Callable[[datetime], datetime | None],
    start: datetime,
    holds: Holds | None,
    enough: Enough,
) -> datetime | None:
    at = step(start)
    if holds is None:
        return at
    for _ in range(_MOST_TESTED):
        if at is None or abs(at - start) > _HORIZON or enough():
            return None
        if holds(at):
            return at
        at = step(at)
    return None
