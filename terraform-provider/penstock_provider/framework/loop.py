"""One thread for all provider logic: coroutines, sockets, and worker threads for what blocks.

Importing asyncio costs more CPU than the whole handshake may, so this is the part of it that a
provider needs. Everything but ``in_thread``'s function runs on the thread that calls ``run``.
"""

from __future__ import annotations

import os
import select
import time
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from queue import SimpleQueue

T = TypeVar("T")
# What a coroutine sends and yields on its way is between it and the loop.
Task = Coroutine[Any, Any, T]
_READ = select.POLLIN
_WRITE = select.POLLOUT


class Watched(Protocol):
    """A socket, or anything else that can be polled."""

    def fileno(self) -> int:
        """Its number."""


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
        self._poll = select.poll()
        self._watched: dict[int, Callable[[], None]] = {}
        self._writing: set[int] = set()
        self._jobs: SimpleQueue[Callable[[], None]] | None = None
        self._finished: deque[Callable[[], None]] = deque()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._threads = 0
        self._busy = 0
        self._wake_in, self._wake_out = os.pipe()
        os.set_blocking(self._wake_in, False)
        os.set_blocking(self._wake_out, False)
        self._stopped = False
        self.on_idle: list[Callable[[], None]] = []
        self._watch(self._wake_in, self._woken)

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
        self._count += 1
        self._timers.append((time.monotonic() + seconds, self._count, callback))
        self._timers.sort()

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
            self._start_thread()
        assert self._jobs is not None
        self._jobs.put(job)
        return future

    def _start_thread(self) -> None:
        # Many of the processes that Terraform starts never need a thread.
        from queue import SimpleQueue  # noqa: PLC0415
        from threading import Thread  # noqa: PLC0415

        if self._jobs is None:
            self._jobs = SimpleQueue()
        self._threads += 1
        Thread(target=self._work, args=(self._jobs,), daemon=True).start()

    def watch(self, sock: Watched, callback: Callable[[], None]) -> None:
        """Calls ``callback`` whenever ``sock`` can be read."""
        self._watch(sock.fileno(), callback)

    def _watch(self, number: int, callback: Callable[[], None]) -> None:
        self._watched[number] = callback
        self._poll.register(number, _READ)

    def watch_writing(self, sock: Watched, *, writing: bool) -> None:
        """Also calls the callback of ``sock`` when it can be written, or no longer."""
        number = sock.fileno()
        if writing and number not in self._writing:
            self._writing.add(number)
            self._poll.modify(number, _READ | _WRITE)
        elif not writing and number in self._writing:
            self._writing.remove(number)
            self._poll.modify(number, _READ)

    def forget(self, sock: Watched) -> None:
        """Watches ``sock`` no longer."""
        number = sock.fileno()
        del self._watched[number]
        self._writing.discard(number)
        self._poll.unregister(number)

    def stop(self) -> None:
        """Ends ``run``; may be called from any thread."""
        self._stopped = True
        self._wake()

    def run(self, until: Future[Any] | None = None) -> None:
        """Turns until ``stop``, or until ``until`` has ended."""
        watched = self._watched
        while not self._stopped and not (until is not None and until.done):
            self._turn()
            if not self._ready:
                for callback in self.on_idle:
                    callback()
            if until is not None and until.done:
                return
            for number, _ in self._poll.poll(self._patience()):
                # One callback may have closed the next one's socket.
                callback = watched.get(number)
                if callback is not None:
                    callback()
            self._ring()

    def close(self) -> None:
        """Frees the loop's own pipe."""
        pipe = (self._wake_in, self._wake_out)
        # A thread that is late would write into whatever has these numbers next.
        self._wake_in = self._wake_out = -1
        for number in pipe:
            os.close(number)

    def _patience(self) -> float | None:
        """Milliseconds until there is something to do without any socket."""
        if self._ready or self._stopped:
            return 0
        return max(0.0, self._timers[0][0] - time.monotonic()) * 1000 if self._timers else None

    def _ring(self) -> None:
        now = time.monotonic() if self._timers else 0.0
        while self._timers and self._timers[0][0] <= now:
            self._ready.append(self._timers.pop(0)[2])

    def _turn(self) -> None:
        ready = self._ready
        while ready:
            ready.popleft()()

    def _work(self, jobs: SimpleQueue[Callable[[], None]]) -> None:
        while True:
            jobs.get()()

    def _hand_back(self, callback: Callable[[], None]) -> None:
        self._finished.append(callback)
        self._wake()

    def _wake(self) -> None:
        try:
            os.write(self._wake_out, b"\0")
        except OSError:
            # Full means that it wakes anyway; closed means that nobody waits any more.
            return

    def _woken(self) -> None:
        try:
            os.read(self._wake_in, 4096)
        except BlockingIOError:
            return
        finished = self._finished
        while finished:
            self._busy -= 1
            finished.popleft()()
