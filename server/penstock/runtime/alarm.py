"""Timers in memory, earliest first; their rows survive a restart."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from datetime import datetime

from penstock.store.timer import StoredTimer


class Alarms:
    """A heap of timers. One of an execution that is over fires for nobody."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, str, StoredTimer]] = []

    def add(self, timers: Iterable[StoredTimer]) -> None:
        """Arms timers."""
        for timer in timers:
            heapq.heappush(self._heap, (timer.at, timer.id, timer))

    def due(self, now: datetime) -> list[StoredTimer]:
        """Takes out those whose time has come; `add` them again when nothing was committed."""
        found: list[StoredTimer] = []
        while self._heap and self._heap[0][0] <= now:
            found.append(heapq.heappop(self._heap)[2])
        return found

    def next_at(self) -> datetime | None:
        """When the earliest is due."""
        return self._heap[0][0] if self._heap else None
