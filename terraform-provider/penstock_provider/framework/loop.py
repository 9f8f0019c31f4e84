"""One thread for all provider logic: coroutines, sockets, and worker threads for what blocks.

Importing asyncio costs more CPU than the whole handshake may, so this is the part of it that a
provider needs. Everything but ``in_thread``'s function runs on the thread that calls ``run``.
"""

from __future__ import annotations

import heapq
import itertools
import queue
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")
# What a coroutine sends and yields on its way is between it and the loop.
Task = Coroutine[Any, Any, T]


class Future(Generic[T]):
    """A result that comes later; ``await`` it."""

    __slots__ = ("_error", "_value", "_waiters", "done")

    def __init__(self) -> None:
        self.done = False
        self._value: T | None = None
        self._error: BaseException | None = None
        self._waiters: list[Callable[[], None]] = []

    def __await__(self) -> Generator[Future[T], None, T]:
        if not self.done:
            yield self
        return self.result()

    def result(self) -> T:
        """The result, or raises the error with which it failed."""
        if self._error is not None:
            raise self._error
        return self._value  # pyrefly: ignore[bad-return] (None only where T allows None)

    def set(self, value: T) -> None:
        """Ends it with a result."""
        self._value = value
        self._finish()

    def fail(self, error: BaseException) -> None:
        """Ends it with an error."""
        self._error = error
        self._finish()

    def when_done(self, callback: Callable[[], None]) -> None:
        """Calls ``callback`` once it has ended, at once if it has."""
        if self.done:
            callback()
        else:
            self._waiters.append(callback)

    def _finish(self) -> None:
        self.done = True
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            waiter()


class Loop:
    """Runs coroutines, watches sockets, lends threads."""

    MOST_THREADS = 16

    def __init__(self) -> None:
        self._ready: deque[Callable[[], None]] = deque()
        self._selector = selectors.DefaultSelector()
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._finished: deque[Callable[[], None]] = deque()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._threads = 0
        self._busy = 0
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._stopped = False
        self.on_idle: list[Callable[[], None]] = []
        self.watch(self._wake_in, self._woken)

    def spawn(self, task: Task[T]) -> Future[T]:
        """Starts a coroutine in the next turn; its outcome is the future's."""
        future: Future[T] = Future()
        self._ready.append(lambda: self._step(task, future))
        return future

    def begin(self, task: Task[T]) -> Future[T]:
        """Runs a coroutine at once, up to where it has to wait; its outcome is the future's."""
        future: Future[T] = Future()
        self._step(task, future)
        return future

    def _step(self, task: Task[T], future: Future[T]) -> None:
        try:
            waiting = task.send(None)
        except StopIteration as end:
            future.set(end.value)
        except BaseException as error:  # noqa: BLE001 (it is the future's to tell)
            future.fail(error)
        else:
            waiting.when_done(lambda: self._ready.append(lambda: self._step(task, future)))

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        """Calls ``callback`` after some time."""
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._order), callback))

    def soon(self, callback: Callable[[], None]) -> None:
        """Calls ``callback`` in the next turn."""
        self._ready.append(callback)

    def in_thread(self, function: Callable[[], T]) -> Future[T]:
        """Runs a blocking function in a worker thread."""
        future: Future[T] = Future()

        def job() -> None:
            try:
                value = function()
            except BaseException as error:  # noqa: BLE001 (it is the future's to tell)
                outcome = error
                self._hand_back(lambda: future.fail(outcome))
            else:
                self._hand_back(lambda: future.set(value))

        self._busy += 1
        if self._busy > self._threads and self._threads < self.MOST_THREADS:
            self._threads += 1
            threading.Thread(target=self._work, daemon=True).start()
        self._jobs.put(job)
        return future

    def watch(self, sock: socket.socket, callback: Callable[[], None]) -> None:
        """Calls ``callback`` whenever ``sock`` can be read."""
        self._selector.register(sock, selectors.EVENT_READ, callback)

    def watch_writing(self, sock: socket.socket, *, writing: bool) -> None:
        """Also calls the callback of ``sock`` when it can be written, or no longer."""
        key = self._selector.get_key(sock)
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if writing else 0)
        if key.events != events:
            self._selector.modify(sock, events, key.data)

    def forget(self, sock: socket.socket) -> None:
        """Watches ``sock`` no longer."""
        self._selector.unregister(sock)

    def stop(self) -> None:
        """Ends ``run``; may be called from any thread."""
        self._stopped = True
        self._wake()

    def run(self, until: Future[Any] | None = None) -> None:
        """Turns until ``stop``, or until ``until`` has ended."""
        while not self._stopped and not (until is not None and until.done):
            self._turn()
            if not self._ready:
                for callback in self.on_idle:
                    callback()
            if until is not None and until.done:
                return
            for key, _ in self._selector.select(self._patience()):
                key.data()
            self._ring()

    def close(self) -> None:
        """Frees the loop's own sockets."""
        self._selector.close()
        self._wake_in.close()
        self._wake_out.close()

    def _patience(self) -> float | None:
        """Seconds until there is something to do without any socket."""
        if self._ready or self._stopped:
            return 0
        return max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None

    def _ring(self) -> None:
        now = time.monotonic() if self._timers else 0.0
        while self._timers and self._timers[0][0] <= now:
            self._ready.append(heapq.heappop(self._timers)[2])

    def _turn(self) -> None:
        ready = self._ready
        while ready:
            ready.popleft()()

    def _work(self) -> None:
        while True:
            self._jobs.get()()

    def _hand_back(self, callback: Callable[[], None]) -> None:
        self._finished.append(callback)
        self._wake()

    def _wake(self) -> None:
        try:
            self._wake_out.send(b"\0")
        except (BlockingIOError, OSError):
            # Full means that it wakes anyway; closed means that nobody waits any more.
            return

    def _woken(self) -> None:
        try:
            self._wake_in.recv(4096)
        except BlockingIOError:
            return
        finished = self._finished
        while finished:
            self._busy -= 1
            finished.popleft()()
