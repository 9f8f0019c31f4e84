"""Time as a value that is handed in: real on servers, virtual in tests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time and how long to wait for a moment."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...

    def seconds_until(self, at: datetime) -> float | None:
        """Real seconds to wait until `at` (0 when it has come); None: `on_jump` will tell."""
        ...

    def on_jump(self, callback: Callable[[], None]) -> None:
        """Registers who must look at the time again after it jumped."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)

    def seconds_until(self, at: datetime) -> float | None:
        """Seconds until `at`, at least 0."""
        return max(0.0, (at - datetime.now(UTC)).total_seconds())

    def on_jump(self, callback: Callable[[], None]) -> None:
        """Nothing: this clock does not jump."""


class VirtualClock:
    """Stands still until somebody moves it."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._callbacks: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The moment that it was moved to."""
        return self._now

    def seconds_until(self, at: datetime) -> float | None:
        """0 when `at` has come, else None: nobody knows when the clock will be moved."""
        return 0.0 if at <= self._now else None

    def on_jump(self, callback: Callable[[], None]) -> None:
        """Calls back after each move."""
        with self._lock:
            self._callbacks.append(callback)

    def advance(self, by: timedelta) -> None:
        """Moves the time forward and tells everybody."""
        with self._lock:
            self._now += by
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback()
