"""Timers in memory, earliest first; their rows survive a restart."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable
from datetime import datetime

from penstock.store.timer import StoredTimer

_FEW = 10_000
"""So many are kept whatever became of what they would wake."""


class Alarms:
    """A heap of timers. One of an execution that is over fires for nobody."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, StoredTimer]] = []
        self._order = itertools.count()
        self._most = _FEW

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, timers: Iterable[StoredTimer]) -> None:
        """Arms timers."""
        for timer in timers:
            heapq.heappush(self._heap, (timer.at, next(self._order), timer))

    def due(self, now: datetime) -> list[StoredTimer]:
        """Takes out those whose time has come; `add` them again when nothing was committed."""
        found: list[StoredTimer] = []
        while self._heap and self._heap[0][0] <= now:
            found.append(heapq.heappop(self._heap)[2])
        return found

    def next_at(self) -> datetime | None:
        """When the earliest is due."""
        return self._heap[0][0] if self._heap else None

    def prune(self, is_wanted: Callable[[str], bool]) -> None:
        """Drops those of executions that are over, once there are many: a timeout of a day
        would stay a day, of each of a million executions.
        """
        if len(self._heap) <= self._most:
            return
        self._heap = [entry for entry in self._heap if is_wanted(entry[2].execution_id)]
        heapq.heapify(self._heap)
        self._most = max(_FEW, 2 * len(self._heap))
