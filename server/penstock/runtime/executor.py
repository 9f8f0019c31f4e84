"""The executor: one thread that moves all executions on, many of them in each transaction."""

from __future__ import annotations

import asyncio
import math
import queue
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

from penstock.engine.message import Message
from penstock.engine.operation import Operation, Wish
from penstock.errors import Unavailable
from penstock.model.execution import Execution
from penstock.model.flow import Flow
from penstock.runtime import commit, folder, recovery
from penstock.runtime.attempt import Bench
from penstock.runtime.command import (
    Answer,
    Break,
    Command,
    Deliver,
    Done,
    Guard,
    Kill,
    Operate,
    Submit,
    Wake,
    Write,
    settle,
)
from penstock.runtime.cycle import Cycle, Dropped
from penstock.runtime.flows import FlowVersion, FlowVersions, of_flow
from penstock.runtime.functions import World
from penstock.runtime.ownership import Ownership
from penstock.runtime.worker import Workers
from penstock.service.port import FlowVersion as AnyFlowVersion
from penstock.store import job as job_store
from penstock.store.audit import AuditRecord
from penstock.store.identity import new_id
from penstock.store.session import outage

_MOST_COMMANDS = 500
_SWITCH_SECONDS = 0.0005
"""How soon a busy thread yields to another: the executor comes back from each statement of the
database, and should not wait the usual 5 ms for a busy HTTP thread."""
_LONGEST_PAUSE = 5.0
_log = structlog.get_logger("penstock.executor")


class Executor:
    """Accepts executions and moves them on until they end.

    Commands of any thread are drained together, all executions that they touch are advanced,
    and one transaction keeps the result; only then are callers answered and jobs dispatched.
    A command whose commit fails is tried again, so no result of a task is lost.
    """

    def __init__(
        self,
        world: World,
        flows: FlowVersions,
        bench: Bench,
        *,
        workers: int = 16,
        ownership: Ownership | None = None,
    ) -> None:
        self.owner = new_id()
        self._database = world.database
        self._clock = bench.clock
        self._flows = flows
        self._folder = bench.place.folder
        self._inbox: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        self._kept: list[Command] = []
        self._workers = Workers(workers, bench, self._inbox.put, self._unread)
        self._cycle = Cycle(world, flows, bench, self._workers, self.owner)
        self._ownership = ownership or Ownership(self._database)
        self._give_up_at = math.inf
        self._thread = threading.Thread(target=self._loop, name="executor", daemon=True)
        self._is_open = False
        self._is_over = False

    # -- lifecycle -------------------------------------------------------------------------

    def start(self) -> None:
        """Goes on where the last server stopped or died. Raises `Unavailable`."""
        sys.setswitchinterval(_SWITCH_SECONDS)
        self._ownership.acquire()
        now = self._clock.now()
        with self._database.read() as tx:
            found = recovery.load(tx, self._cycle.core, self._flows, now)
        actives = self._cycle.core.active.values()
        kept = folder.open_folders((each.execution, each.version.tasks) for each in actives)
        folder.clear(self._folder, kept)
        if found.broken:
            with self._database.transaction() as tx:
                commit.write(tx, found.broken, ())
        with self._database.read() as tx:
            messages = recovery.messages(tx, self._cycle.core)
        self._cycle.alarms.add(found.timers)
        self._cycle.listeners.tell((), len(self._cycle.core.active))
        self._clock.on_jump(self.wake)
        for execution_id, message in messages:
            self.send(execution_id, message)
        self._inbox.put(Wake(limits=True))
        self._is_open = True
        self._thread.start()

    def stop(self, grace: float = 10.0) -> None:
        """Refuses new executions, lets running attempts end within `grace` seconds, and gives
        back the leases of the others: the next server runs them again. It also does so with
        those whose results the database does not take until then.
        """
        if not self._thread.is_alive():
            return
        self._is_open = False
        self._cycle.is_draining = True
        self._give_up_at = time.monotonic() + 2 * grace
        self._workers.stop(grace)
        self._inbox.put(None)
        self._thread.join()
        try:
            with self._database.transaction() as tx:
                job_store.release(tx, self.owner)
        except OperationalError as error:
            _log.error("leases are not given back", error=str(error.orig))
        self._ownership.release()

    # -- what other threads call -----------------------------------------------------------

    def submit(
        self,
        execution: Execution,
        version: AnyFlowVersion,
        audit: AuditRecord | None = None,
        *,
        guard: Guard | None = None,
        warnings: tuple[str, ...] = (),
        refusal: str | None = None,
    ) -> Future[Execution | None]:
        """Accepts a new execution; the future ends after the commit that stored it.

        When `guard` refuses within the transaction nothing is stored and the result is None.
        `warnings` and `refusal` are those of `accept`.
        """
        future: Future[Execution | None] = Future()
        self._submit(
            execution,
            version,
            audit,
            Answer(future),
            guard=guard,
            warnings=warnings,
            refusal=refusal,
        )
        return future

    async def accept(
        self,
        execution: Execution,
        version: AnyFlowVersion,
        audit: AuditRecord | None = None,
        *,
        warnings: tuple[str, ...] = (),
        refusal: str | None = None,
    ) -> Execution:
        """`submit` for an event loop: all answers of a commit arrive in one wake-up.

        `warnings` become the first lines of the execution's log. With a `refusal` it is stored as
        FAILED, for that reason.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Execution | None] = loop.create_future()
        self._submit(
            execution, version, audit, Answer(future, loop), warnings=warnings, refusal=refusal
        )
        accepted = await future
        assert accepted is not None, "only a guard can refuse"
        return accepted

    def kill(
        self,
        tenant: str,
        execution_id: str,
        reason: str,
        *,
        audit: AuditRecord | None = None,
        cascade: bool = True,
    ) -> Future[Execution | None]:
        """Asks for the end of an execution; the future ends after commit. Raises (in the
        future) `NotFound`; an execution that has ended already is given back as it is.
        """
        future: Future[Execution | None] = Future()
        self._inbox.put(
            Kill(execution_id, tenant, reason, Answer(future), audit=audit, cascade=cascade)
        )
        return future

    def operate(
        self,
        tenant: str,
        execution_id: str,
        operation: Operation | Wish,
        *,
        audit: AuditRecord | None = None,
    ) -> Future[Execution | None]:
        """Carries out what somebody asks of an execution, active or ended; the future ends after
        commit. Raises (in the future) `NotFound`, and `Conflict` when its state forbids it.
        """
        future: Future[Execution | None] = Future()
        self._inbox.put(Operate(execution_id, tenant, operation, Answer(future), audit))
        return future

    def send(self, execution_id: str, message: Message) -> None:
        """Tells an execution what happened; nothing when it is over."""
        self._inbox.put(Deliver(execution_id, message))

    def write(self, statements: Callable[[Connection], None]) -> Future[None]:
        """Runs a duty's statements within the next transaction."""
        future: Future[None] = Future()
        self._inbox.put(Write(statements, future))
        return future

    def wake(self) -> None:
        """Lets the executor look at the clock."""
        self._inbox.put(Wake())

    def declared(self) -> None:
        """Something was declared anew: limits and namespaces' variables are read again."""
        self._inbox.put(Wake(limits=True))

    def subscribe(self, execution_id: str, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back, on the executor's thread, after each commit that touched the execution;
        returns the undo. The callback must be quick.
        """
        return self._cycle.listeners.add(execution_id, callback)

    def tick(self) -> None:
        """A duty's call each second: sends log lines on, gives up workers that hang."""
        self._workers.tick()

    def beat(self) -> None:
        """Extends the leases of this process."""
        expires_at = self._clock.now() + commit.LEASE
        self.write(lambda tx: job_store.extend(tx, self.owner, expires_at))

    @property
    def active_count(self) -> int:
        """How many executions are not over."""
        return len(self._cycle.core.active)

    @property
    def is_alive(self) -> bool:
        """Whether executions move on."""
        return self._thread.is_alive()

    @property
    def has_jobs(self) -> bool:
        """Whether workers hold leases."""
        return self._workers.busy > 0

    def sample(self, most: int) -> list[tuple[Execution, Flow]]:
        """Up to `most` active executions as last committed, with their flows."""
        active = list(self._cycle.core.active.values())
        return [(each.execution, each.version.flow) for each in active[:most]]

    def join_idle(self, timeout: float = 30.0) -> bool:
        """Waits until no execution is active; False when that takes longer. For tools and tests."""
        return self._cycle.listeners.wait_idle(timeout)

    def _submit(
        self,
        execution: Execution,
        version: AnyFlowVersion,
        audit: AuditRecord | None,
        answer: Answer,
        *,
        guard: Guard | None = None,
        warnings: tuple[str, ...] = (),
        refusal: str | None = None,
    ) -> None:
        if not self._is_open:
            raise Unavailable("The server is stopping or has not started; try again in a moment.")
        known = (
            version
            if isinstance(version, FlowVersion)
            else of_flow(version.flow, revision=version.revision, content_hash=version.content_hash)
        )
        self._inbox.put(Submit(execution, known, answer, audit, guard, warnings, refusal))

    # -- the thread ------------------------------------------------------------------------

    def _loop(self) -> None:
        pause = 0.0
        while not (self._is_over and not self._kept):
            commands = [*self._kept, *self._drain(pause)]
            kept = self._kept = self._process(commands)
            pause = min(_LONGEST_PAUSE, pause * 2 or 0.05) if kept or self._cycle.failed else 0.0
            if self._is_over and kept and time.monotonic() > self._give_up_at:
                _log.error("results could not be stored; the next server repeats", lost=len(kept))
                return

    def _unread(self) -> int:
        """How far the executor is behind: tasks that write slow down by it."""
        return self._inbox.qsize() + len(self._kept)

    def _drain(self, pause: float) -> list[Command]:
        """What has arrived; waits for it, unless there is other work."""
        commands: list[Command] = []
        wait = pause or self._cycle.seconds_to_wait()
        if wait != 0.0 and self._inbox.empty() and not self._kept and self._skips():
            wait = 0.0
        try:
            first = self._inbox.get(timeout=wait) if wait != 0.0 else self._inbox.get_nowait()
            while True:
                if first is None:
                    self._is_over = True
                else:
                    commands.append(first)
                if len(commands) >= _MOST_COMMANDS:
                    break
                first = self._inbox.get_nowait()
        except queue.Empty:
            pass
        return commands

    def _skips(self) -> bool:
        """Whether the clock went on because nothing but time is missing."""
        until, busy = self._cycle.idle()
        return self._is_open and self._clock.skip(until, busy)

    def _process(self, commands: list[Command]) -> list[Command]:
        """Runs commands as one transaction, or one each when they cannot go together.

        Gives back those that must be tried again.
        """
        while True:
            try:
                self._cycle.run(commands)
            except Dropped as dropped:
                commands = [each for each in commands if each is not dropped.command]
                settle([(dropped.command.answer, None, None)] if dropped.command.answer else [])
            except OperationalError as error:
                return self._storage_busy(commands, error)
            except Exception as error:  # noqa: BLE001 - the thread must outlive any command
                if len(commands) > 1:
                    return [kept for each in commands for kept in self._process([each])]
                _log.exception("a command cannot be carried out")
                if not commands:
                    return []
                _refuse(commands, error)
                commands = _breaks(commands, error)
            else:
                return []

    def _storage_busy(self, commands: list[Command], error: OperationalError) -> list[Command]:
        """The database does not take writes: callers hear it, results of tasks are kept."""
        _log.error("the database does not take writes", error=str(error.orig))
        refused: list[Command] = [
            each for each in commands if isinstance(each, Submit | Kill | Operate | Write)
        ]
        _refuse(refused, outage(error) or Unavailable("The database takes no writes now."))
        return [each for each in commands if not isinstance(each, Submit | Kill | Operate | Write)]


def _breaks(commands: list[Command], error: Exception) -> list[Command]:
    """What ends the execution that a command was about, so that it does not wait for ever."""
    # The database's own words: SQLAlchemy's would quote the statement and its rows.
    cause = error.orig if isinstance(error, DBAPIError) else error
    reason = f"A step of this execution cannot be stored: {type(error).__name__}: {cause}"
    return [
        Break(each.execution_id, reason, frees_worker=isinstance(each, Done))
        for each in commands
        if isinstance(each, Deliver | Done)
    ]


def _refuse(commands: list[Command], error: Exception) -> None:
    for command in commands:
        if isinstance(command, Write):
            command.done.set_exception(error)
        elif isinstance(command, Submit | Kill | Operate) and command.answer is not None:
            settle([(command.answer, None, error)])
