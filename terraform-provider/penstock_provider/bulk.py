"""Group commit for requests: what waits leaves together, at most one request at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from penstock_provider.framework.loop import Future, Loop, Task

I = TypeVar("I")  # noqa: E741 (an item)
R = TypeVar("R")


class Queue(Generic[I, R]):
    """Bundles single items into requests of at most ``MOST`` items."""

    MOST = 500
    MOST_BYTES = 4_000_000
    LINGER = 0.01
    """Seconds for which an item waits for siblings, in a run that has had some."""
    MEMORY = 8
    """So many batches of one in a row, and the run is taken for a chain that has no siblings."""
    ENOUGH = 10
    """So many waiting need no more siblings: Terraform works on ten objects at a time."""

    def __init__(
        self,
        loop: Loop,
        send: Callable[[list[I]], Task[list[R | Exception]]],
        *,
        size: Callable[[I], int] = lambda _: 1,
    ) -> None:
        self._loop = loop
        self._send = send
        self._size = size
        self._waiting: list[tuple[I, Future[R]]] = []
        self._in_flight = False
        self._lingers = False
        self._busy = 0
        self._batches = 0
        loop.on_idle.append(self._flush)

    def close(self) -> None:
        """Sends nothing any more."""
        self._loop.on_idle.remove(self._flush)

    def submit(self, item: I) -> Future[R]:
        """The item's result, some time."""
        future: Future[R] = Future()
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
        if not self._busy or not self.LINGER or len(self._waiting) >= self.ENOUGH:
            self._send_batch()
        elif not self._lingers:
            self._lingers = True
            batch = self._batches
            self._loop.later(self.LINGER, lambda: self._lingered(batch))

    def _lingered(self, batch: int) -> None:
        """The wait is over, unless enough came in time."""
        if batch == self._batches:
            self._send_batch()

    def _send_batch(self) -> None:
        self._lingers = False
        self._batches += 1
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
