"""When the entries of the timetable fire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from penstock.language.cron import next_fire, previous_fire
from penstock.store.timetable import TimetableEntry


def timed(
    entries: Sequence[TimetableEntry], before: Sequence[TimetableEntry], now: datetime
) -> list[TimetableEntry]:
    """The entries with their next fires, counted from now.

    One whose times do not change keeps the fire that it waits for: a deploy at that very
    moment, or right after a downtime, must not swallow it.
    """
    known = {each.id: each for each in before}
    return [_timed(entry, known.get(entry.id), now) for entry in entries]


def following(entry: TimetableEntry, after: datetime) -> datetime | None:
    """The first fire of an entry after a moment."""
    if entry.dates is None:
        return next_fire(entry.cron, entry.timezone, after)
    return min((at for at in _dates(entry) if at > after), default=None)


def preceding(entry: TimetableEntry, before: datetime) -> datetime | None:
    """The last fire of an entry before a moment."""
    if entry.dates is None:
        return previous_fire(entry.cron, entry.timezone, before)
    return max((at for at in _dates(entry) if at < before), default=None)


def is_rendered(entry: TimetableEntry) -> bool:
    """Whether the dates of an entry are known; others are expressions that must be rendered."""
    return entry.dates is None or not any("{" in text for text in entry.dates)


def first_after(entry: TimetableEntry, now: datetime) -> datetime | None:
    """The fire that an entry waits for from now on; at once for one that must be rendered."""
    return following(entry, now) if is_rendered(entry) else now


def _dates(entry: TimetableEntry) -> list[datetime]:
    return [datetime.fromisoformat(text) for text in entry.dates or ()]


def _timed(entry: TimetableEntry, before: TimetableEntry | None, now: datetime) -> TimetableEntry:
    if before is None or before.disabled:
        running = None if before is None else before.last_execution_id
        return replace(entry, next_fire_at=first_after(entry, now), last_execution_id=running)
    same = (entry.cron, entry.timezone, entry.dates) == (before.cron, before.timezone, before.dates)
    return replace(
        entry,
        next_fire_at=before.next_fire_at if same else first_after(entry, now),
        last_fire_at=before.last_fire_at,
        last_execution_id=before.last_execution_id,
    )
