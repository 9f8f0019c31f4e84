"""Group commit for requests: what waits leaves together, at most one request at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from penstock_provider.framework.loop import Future, Loop, Task

I = TypeVar("I")  # noqa: E741 (an item)
R = TypeVar("R")


class Queue(Generic[I, R]):
    """Bundles single items into requests of at most ``MOST`` items."""

    MOST = 500
    MOST_BYTES = 4_000_000
    SLOWEST = 0.25
    """Seconds for which an item waits for the next sibling at most, where they come slowly."""
    LONGEST = 5
    """So many times as long as for the next sibling an item waits for all of them together; half as
    many times as are enough, where that is more."""
    MEMORY = 8
    """So many batches of one in a row, and the run is taken for a chain that has no siblings.

    And when nobody came in time, as many as waited then are enough for so many batches.
    """

    def __init__(
        self,
        loop: Loop,
        send: Callable[[list[I]], Task[list[R | Exception]]],
        *,
        size: Callable[[I], int] = lambda _: 1,
        enough: int = 10,
        linger: float = 0.01,
    ) -> None:
        """``enough`` that wait together need no more siblings.

        Fewer wait ``linger`` seconds for the next one, or longer where they come more slowly, in a
        run that has had some.
        """
        self._loop = loop
        self._send = send
        self._size = size
        self._enough = enough
        self._linger_seconds = linger
        self._waiting: list[tuple[I, Future[R]]] = []
        self._first = self._last = 0.0
        self._in_flight = False
        self._lingers = False
        self._busy = 0
        self._batches = 0
        self._gap = 0.0
        self._alone = 0
        self._rests = 0
        loop.on_idle.append(self._flush)

    def close(self) -> None:
        """Sends nothing any more."""
        self._loop.on_idle.remove(self._flush)

    def submit(self, item: I) -> Future[R]:
        """The item's result, some time."""
        future: Future[R] = Future()
        now = time.monotonic()
        self._gap += (min(now - (self._last or now), self.SLOWEST) - self._gap) * 0.3
        self._last = now
        if not self._waiting:
            self._first = now
        self._waiting.append((item, future))
        return future

    def _take(self) -> list[tuple[I, Future[R]]]:
        count = size = 0
        for item, _ in self._waiting[: self.MOST]:
            size += self._size(item)
            if count and size > self.MOST_BYTES:
                break
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch

    def _flush(self) -> None:
        if self._in_flight or not self._waiting:
            return
        enough = min(self._enough, self._alone) if self._rests else self._enough
        if not self._busy or len(self._waiting) >= enough:
            self._send_batch()
        elif not self._lingers:
            self._lingers = True
            self._linger(self._batches, len(self._waiting))

    def _linger(self, batch: int, count: int) -> None:
        """Sends the batch when none has come for a while, unless enough came before."""
        if batch != self._batches or not self._waiting:
            return
        linger = min(self.SLOWEST, max(self._linger_seconds, 4 * self._gap))
        longest = max(self.LONGEST, self._enough / 2)
        until = min(self._last + linger, self._first + linger * longest)
        seconds = until - time.monotonic()
        if seconds > 0:
            self._loop.later(seconds, lambda: self._linger(batch, count))
            return
        if len(self._waiting) == count:
            self._alone, self._rests = count, self.MEMORY + 1
        self._send_batch()

    def _send_batch(self) -> None:
        self._lingers = False
        self._batches += 1
        self._rests = max(0, self._rests - 1)
        batch = self._take()
        self._busy = self.MEMORY if len(batch) > 1 else max(0, self._busy - 1)
        self._in_flight = True
        sending = self._loop.spawn(self._send([item for item, _ in batch]))

        def done() -> None:
            self._in_flight = False
            try:
                results: list[R | Exception] = sending.result()
            except Exception as error:  # noqa: BLE001 (it is each waiting caller's to tell)
                results = [error] * len(batch)
            for (_, future), result in zip(batch, results, strict=True):
                if isinstance(result, Exception):
                    future.fail(result)
                else:
                    future.set(result)

        sending.when_done(done)
