"""The worker threads of this process."""

from __future__ import annotations

import os
import queue
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from penstock.engine.message import Finished, Started
from penstock.model.state import State
from penstock.runtime.attempt import Bench, Work, open_context, run_attempt
from penstock.runtime.command import Command, Deliver, Done, Record
from penstock.runtime.context import Context

_REACTION_SECONDS = 10.0
_MOST_UNREAD = 500
_PATIENCE_SECONDS = 0.002


@dataclass(slots=True)
class _Running:
    work: Work
    context: Context
    worker: str
    cancelled_at: float | None = None
    is_abandoned: bool = False


class Workers:
    """Runs at most `size` attempts at a time, each in a thread that is made when first needed.

    For each dispatched work exactly one `Done` is sent, also when the task never reacts to a
    cancel: after 10 seconds its thread is given up and replaced. `send` must not wait.
    """

    def __init__(
        self,
        size: int,
        bench: Bench,
        send: Callable[[Command], None],
        unread: Callable[[], int],
    ) -> None:
        self.size = size
        self._bench = bench
        self._send = send
        self._unread = unread
        self._queue: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._running: dict[tuple[str, int], _Running] = {}
        self._pending: dict[tuple[str, int], bool] = {}
        self._idle = 0
        self._threads = 0
        self._made = 0
        self._is_stopping = False
        self._host = f"{socket.gethostname()}/{os.getpid()}"

    def dispatch(self, work: Work) -> None:
        """Hands work to a thread; the executor has checked that there is a free one."""
        with self._lock:
            self._pending[work.key] = True
            if len(self._pending) > self._idle and self._threads < self.size:
                self._add_thread()
        self._queue.put(work)

    def cancel(self, task_run_id: str) -> None:
        """Asks every attempt of a task run to end now."""
        with self._lock:
            found = [entry for key, entry in self._running.items() if key[0] == task_run_id]
            for entry in found:
                entry.cancelled_at = entry.cancelled_at or time.monotonic()
            for key in self._pending:
                if key[0] == task_run_id:
                    self._pending[key] = False
        for entry in found:
            entry.context.cancel()

    def tick(self) -> None:
        """Sends buffered log lines on, and gives up threads that do not react to a cancel."""
        with self._lock:
            entries = list(self._running.values())
        limit = time.monotonic() - _REACTION_SECONDS
        # Who sends now would have to wait, and this is the thread that looks after all.
        is_behind = self._unread() > _MOST_UNREAD
        for entry in entries:
            if not is_behind:
                entry.context.flush()
            if entry.cancelled_at is not None and entry.cancelled_at < limit:
                self._abandon(entry)

    def stop(self, grace: float) -> None:
        """Lets running attempts finish within `grace` seconds, then asks them to end.

        Results of those that were cut short are dropped: they are run again by the next server.
        """
        deadline = time.monotonic() + grace
        while self.busy and time.monotonic() < deadline:
            time.sleep(0.02)
        with self._lock:
            self._is_stopping = True
            entries = list(self._running.values())
            threads = self._threads
        for entry in entries:
            entry.context.cancel()
        for _ in range(threads):
            self._queue.put(None)
        deadline = time.monotonic() + min(grace, 5.0)
        while self.busy and time.monotonic() < deadline:
            time.sleep(0.02)

    @property
    def busy(self) -> int:
        """How many attempts run or wait for their thread."""
        with self._lock:
            return len(self._running) + len(self._pending)

    def _add_thread(self) -> None:
        self._threads += 1
        self._made += 1
        name = f"{self._host}/{self._made}"
        threading.Thread(
            target=self._loop, args=(name,), name=f"worker {name}", daemon=True
        ).start()

    def _loop(self, name: str) -> None:
        while True:
            with self._lock:
                self._idle += 1
            work = self._queue.get()
            with self._lock:
                self._idle -= 1
                if work is None or self._is_stopping:
                    self._threads -= 1
                    if work is not None:
                        self._pending.pop(work.key, None)
                    return
            if not self._run(work, name):
                return

    def _run(self, work: Work, name: str) -> bool:
        """Runs one attempt; False when this thread was given up meanwhile."""
        started = Started(work.job.task_run_id, work.job.fence, self._bench.clock.now(), name)
        try:
            context = open_context(work, self._bench, self._record, self._send)
        except Exception as error:  # noqa: BLE001 - the job must get its result whatever happens
            with self._lock:
                self._send(Done(work.execution.id, _failed(work, started, error)))
                self._pending.pop(work.key, None)
            return True
        entry = _Running(work, context, name)
        with self._lock:
            is_wanted = self._pending.pop(work.key)
            if is_wanted:
                self._running[work.key] = entry
            else:
                # Cancelled before it began: nothing of it may run.
                self._send(Done(work.execution.id, None))
        if not is_wanted:
            return True
        self._send(Deliver(work.execution.id, started))
        result = run_attempt(work, context, self._bench, name)
        context.close()
        with self._lock:
            if entry.is_abandoned:
                return False
            # Sent before it counts as ended: who stops does so when nothing is on its way.
            if not (self._is_stopping and context.is_cancelled):
                self._send(Done(work.execution.id, result))
            del self._running[work.key]
        return True

    def _record(self, record: Record) -> None:
        """Sends lines on; a task that writes faster than the database keeps up is slowed down."""
        while self._unread() > _MOST_UNREAD and not self._is_stopping:
            time.sleep(_PATIENCE_SECONDS)
        self._send(record)

    def _abandon(self, entry: _Running) -> None:
        now = self._bench.clock.now()
        job = entry.work.job
        killed = Finished(job.task_run_id, job.fence, State.KILLED, now, now, entry.worker)
        with self._lock:
            if entry.work.key not in self._running:
                return
            self._send(Done(entry.work.execution.id, killed))
            del self._running[entry.work.key]
            entry.is_abandoned = True
            self._threads -= 1
            self._add_thread()


def _failed(work: Work, started: Started, error: Exception) -> Finished:
    return Finished(
        task_run_id=work.job.task_run_id,
        fence=work.job.fence,
        state=State.FAILED,
        at=started.at,
        started_at=started.at,
        worker=started.worker,
        failure=work.renderer.masker.text(f"The task could not be prepared: {error}"),
    )
