"""Time as a value that is handed in: real on servers, virtual in tests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


def _nothing(is_due: bool) -> bool:  # noqa: FBT001 - the one thing that is told
    """Nobody wants to know."""
    del is_due
    return False


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

    def wait(self, seconds: float, woken: threading.Event) -> bool:
        """Waits in the caller's thread; True when `woken` was set before the time was over."""
        ...

    def skip(self, until: datetime | None, busy: int) -> bool:
        """Told that nothing happens before `until` (None: at all) but what `busy` workers do.

        True when the time is another one now.
        """
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

    def wait(self, seconds: float, woken: threading.Event) -> bool:
        """Waits."""
        return woken.wait(seconds)

    def skip(self, until: datetime | None, busy: int) -> bool:
        """No: this clock goes by itself."""
        del until, busy
        return False


class WatchedClock(SystemClock):
    """The machine's clock, for a process of its own: `stalled` is called when nothing works and
    nothing is due, so that what is left waits for somebody who will not come.
    """

    def __init__(self) -> None:
        self.stalled: Callable[[bool], bool] = _nothing

    def skip(self, until: datetime | None, busy: int) -> bool:
        """Tells when there is nothing to wait for."""
        if until is None and busy == 0:
            self.stalled(False)
        return False


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

    def wait(self, seconds: float, woken: threading.Event) -> bool:
        """Waits, in real time."""
        return woken.wait(seconds)

    def skip(self, until: datetime | None, busy: int) -> bool:
        """No: only `advance` moves this clock."""
        del until, busy
        return False

    def advance(self, by: timedelta) -> None:
        """Moves the time forward and tells everybody."""
        with self._lock:
            self._now += by
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback()


class SkippingClock:
    """Stands still while anything works, and goes to the next moment when nothing does.

    Timers, retries, pauses and sleeping tasks take no real time. `stalled` is called when
    nothing works, and told whether anything is due; when it says True somebody acts instead, and
    the time stays.
    """

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []
        self._sleepers: list[_Sleeper] = []
        self.stalled: Callable[[bool], bool] = _nothing

    def now(self) -> datetime:
        """The moment up to which everything has happened."""
        return self._now

    def seconds_until(self, at: datetime) -> float | None:
        """0 when `at` has come; None: `skip` will go there."""
        return 0.0 if at <= self._now else None

    def on_jump(self, callback: Callable[[], None]) -> None:
        """Registers who must hear that a task began to sleep."""
        with self._lock:
            self._callbacks.append(callback)

    def wait(self, seconds: float, woken: threading.Event) -> bool:
        """Sleeps on this clock; True when `woken` ended it early."""
        with self._lock:
            sleeper = _Sleeper(self._now + timedelta(seconds=seconds), woken)
            self._sleepers.append(sleeper)
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback()
        woken.wait()
        with self._lock:
            if sleeper in self._sleepers:
                self._sleepers.remove(sleeper)
        return not sleeper.is_over

    def skip(self, until: datetime | None, busy: int) -> bool:
        """Goes to `until`, or to the end of a sleep before it, when all busy workers sleep."""
        if busy == 0 and self.stalled(until is not None):
            return False
        with self._lock:
            # One that was cut short works, though it has not come to it yet.
            moments = [each.at for each in self._sleepers if not each.woken.is_set()]
            if busy > len(moments):
                return False
            if until is not None:
                moments.append(until)
            if moments:
                self._now = max(self._now, min(moments))
                over = [each for each in self._sleepers if each.at <= self._now]
                self._sleepers = [each for each in self._sleepers if each.at > self._now]
                for each in over:
                    each.is_over = True
                    each.woken.set()
                return True
        return False

    def pass_time(self, by: timedelta) -> None:
        """Time goes by while something works."""
        with self._lock:
            self._now += by


@dataclass(eq=False, slots=True)
class _Sleeper:
    at: datetime
    woken: threading.Event
    is_over: bool = False
