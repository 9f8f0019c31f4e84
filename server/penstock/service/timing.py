"""When the entries of the timetable fire next after a change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from penstock.language.cron import next_fire
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


def _timed(entry: TimetableEntry, before: TimetableEntry | None, now: datetime) -> TimetableEntry:
    if before is None or before.disabled:
        running = None if before is None else before.last_execution_id
        fire = next_fire(entry.cron, entry.timezone, now)
        return replace(entry, next_fire_at=fire, last_execution_id=running)
    same = (entry.cron, entry.timezone) == (before.cron, before.timezone)
    fire = before.next_fire_at if same else next_fire(entry.cron, entry.timezone, now)
    return replace(
        entry,
        next_fire_at=fire,
        last_fire_at=before.last_fire_at,
        last_execution_id=before.last_execution_id,
    )
