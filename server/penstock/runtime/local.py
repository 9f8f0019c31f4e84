"""The server's runtime within one call: its executor on a store that is gone afterwards."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from penstock.engine.operation import Operation
from penstock.engine.start import new_execution
from penstock.engine.variables import Environment
from penstock.model.execution import Execution, Origin
from penstock.model.frozen import Json
from penstock.model.state import State
from penstock.runtime.attempt import Bench, Substitute
from penstock.runtime.clock import Clock, SkippingClock, WatchedClock
from penstock.runtime.context import Place
from penstock.runtime.executor import Executor
from penstock.runtime.flows import FlowVersion, FlowVersions
from penstock.runtime.local_log import LocalLog
from penstock.runtime.local_store import TENANT, LocalStore
from penstock.runtime.rendering import Renderer
from penstock.service.beginning import Beginning, build
from penstock.service.checking import examine
from penstock.service.services import Parses
from penstock.service.upload import Folder, Upload, merged
from penstock.store import event as event_store
from penstock.store import execution as execution_store
from penstock.store.event import StoredEvent
from penstock.store.execution_filter import Filter
from penstock.store.identity import new_id
from penstock.store.log import LogLine

ORIGIN = Origin("cli", id="cli", actor="cli")
_PULSE_SECONDS = 0.1
_END_SECONDS = 12.0
"""Scripts have 10 seconds between SIGTERM and SIGKILL."""
_MOST = 100_000
_NOTHING: Mapping[str, Json] = MappingProxyType({})

OnLine = Callable[[Execution, LogLine], None]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a run may take; `stop` and `leave` may be set by a signal handler.

    `stop` kills what runs; `leave` gives up waiting for it to end.
    """

    seconds: float | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    leave: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class Ran:
    """An execution as it was left, with its task runs; `is_waiting` for somebody who would not
    come, so that it did not end.
    """

    execution: Execution
    timed_out: bool = False
    stopped: bool = False
    is_waiting: bool = False


class LocalRunner(AbstractContextManager["LocalRunner"]):
    """Runs flows in this process with the server's executor; no HTTP, no triggers.

    Its database, stored files and working directories are in a temporary folder that leaving
    the context removes. `secrets` are the same for all namespaces and stay in memory.
    """

    def __init__(
        self,
        *,
        secrets: Mapping[str, str] | None = None,
        environment: Environment | None = None,
        clock: Clock | None = None,
        workers: int = 8,
        parses: Parses | None = None,
        substitute: Substitute | None = None,
        database: bytes | None = None,
    ) -> None:
        self.clock = clock or WatchedClock()
        self._secrets = {} if secrets is None else secrets
        self._environment = environment or Environment()
        self._workers = workers
        self._parses = parses
        self._substitute = substitute
        self._content = database
        self._is_stalled = threading.Event()
        self._grace = _END_SECONDS

    def __enter__(self) -> Self:
        """Makes the folder and starts the executor."""
        self._folder = Path(tempfile.mkdtemp(prefix="penstock-run-"))
        try:
            self._open()
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends what still runs and removes everything."""
        try:
            self.executor.stop(self._grace if kind is None else 0.0)
            self.store.close()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _open(self) -> None:
        self.store = LocalStore(
            self._folder,
            secrets=self._secrets,
            environment=self._environment,
            clock=self.clock,
            network=None if self._substitute is None else self._substitute.network(),
            database=self._content,
        )
        self._flows = FlowVersions(self._parses, self.store.defaults)
        bench = Bench(self.clock, Place(self._folder / "work"), substitute=self._substitute)
        self.executor = Executor(self.store.world, self._flows, bench, workers=self._workers)
        self.executor.start()

    def render(self, key: tuple[str, str], value: Json, variables: Mapping[str, Json]) -> Json:
        """Renders expressions as a trigger of a flow would before there is an execution."""
        execution, version = self._blank(*key)
        flow = version.flow
        about: Json = {"id": flow.id, "namespace": flow.namespace, "revision": version.revision}
        renderer = Renderer(self.store.world, self.clock, execution)
        return renderer.render(value, {**variables, "flow": about}, typed=True)

    def _blank(self, namespace: str, flow_id: str) -> tuple[Execution, FlowVersion]:
        version = self._version(namespace, flow_id)
        made = new_execution(
            version.flow,
            id=new_id(),
            tenant=TENANT,
            revision=version.revision,
            content_hash=version.content_hash,
            now=self.clock.now(),
        )
        return made, version

    def _version(self, namespace: str, flow_id: str) -> FlowVersion:
        with self.store.database.read() as tx:
            version = self._flows.latest(tx, TENANT, namespace, flow_id)
        assert version is not None, "the flow was added"
        return version

    def prepare(
        self,
        namespace: str,
        flow_id: str,
        inputs: Mapping[str, Json] = _NOTHING,
        *,
        labels: Mapping[str, str] | None = None,
        origin: Origin | None = None,
        uploads: Sequence[Upload] = (),
    ) -> tuple[Execution, FlowVersion]:
        """An execution of a flow that was added; `uploads` are files for inputs.

        Raises `FlowDisabled` and `InvalidInputs`.
        """
        version = self._version(namespace, flow_id)
        id_ = new_id()
        files = Folder(self.store.storage, TENANT, id_).keep(version.flow, uploads)
        beginning = Beginning(
            id=id_,
            tenant=TENANT,
            now=self.clock.now(),
            origin=origin or ORIGIN,
            inputs=merged(dict(inputs), files),
            labels=labels or {},
        )
        execution = build(
            version, beginning, lambda made: Renderer(self.store.world, self.clock, made)
        )
        return execution, version

    def run(
        self,
        execution: Execution,
        version: FlowVersion,
        *,
        on_line: OnLine | None = None,
        patience: Patience | None = None,
    ) -> Ran:
        """Runs it until it and all executions that it started have ended.

        `on_line` gets each log line, with the execution (without task runs) that wrote it. Raises
        `ExecutionBlocked` when a check of the flow does not let it start.
        """
        patience = patience or Patience()
        renderer = Renderer(self.store.world, self.clock, execution)
        verdict = examine(version.flow, execution, renderer)
        ended = threading.Event()
        undo = self.executor.subscribe(execution.id, lambda: self._tell_end(ended))
        log = LocalLog(self.store.database, TENANT, on_line) if on_line is not None else None
        if isinstance(self.clock, SkippingClock | WatchedClock):
            self.clock.stalled = lambda is_due: self._tell_stall(ended, is_due=is_due)
        self.executor.submit(
            execution, version, warnings=verdict.warnings, refusal=verdict.refusal
        ).result()
        # Whoever found nothing to do before this did not know of it.
        self._is_stalled.clear()
        self.executor.wake()
        timed_out, stopped = self._wait(ended, patience, log)
        undo()
        if log is not None:
            log.read_rest()
        if patience.leave.is_set():
            self._grace = 0.0
        with self.store.database.read() as tx:
            found = execution_store.get(tx, TENANT, execution.id)
            assert found is not None, "it was submitted"
            if found.state is State.RETRIED:
                # What counts is the last attempt; the list begins with the newest.
                attempts = execution_store.page(tx, TENANT, Filter(original_id=found.id), limit=1)
                last = attempts.items[0].id
                found = execution_store.get(tx, TENANT, last) or found
        return Ran(found, timed_out, stopped, self._is_stalled.is_set())

    def events(self, execution_id: str) -> list[StoredEvent]:
        """The history of an execution that was run."""
        found: list[StoredEvent] = []
        while True:
            after = found[-1].seq if found else 0
            with self.store.database.read() as tx:
                page = event_store.of_execution(tx, TENANT, execution_id, after=after)
            if not page:
                return found
            found += page

    def _tell_end(self, ended: threading.Event) -> None:
        if not self.executor.active_count:
            ended.set()

    def _tell_stall(self, ended: threading.Event, *, is_due: bool) -> bool:
        """Whether somebody acts now; said on the executor's thread."""
        if not self.executor.active_count or (is_due and self._next_wish(take=False) is None):
            return False
        self._is_stalled.set()
        ended.set()
        return True

    def _next_wish(self, *, take: bool) -> tuple[str, Operation] | None:
        """What the substitute does with an execution that waits for somebody."""
        if self._substitute is None:
            return None
        for active, _ in self.executor.sample(_MOST):
            wish = self._substitute.resume(active, take=take)
            if wish is not None:
                return active.id, wish
        return None

    def _act(self) -> bool:
        """Does what the substitute wishes; False when nothing is left to do."""
        found = self._next_wish(take=True)
        if found is None:
            return False
        self._is_stalled.clear()
        self.executor.operate(TENANT, found[0], found[1]).result()
        return True

    def _wait(
        self, ended: threading.Event, patience: Patience, log: LocalLog | None
    ) -> tuple[bool, bool]:
        """Whether the time was over, and whether it was stopped."""
        started = time.monotonic()
        timed_out = stopped = False
        while self.executor.active_count and not patience.leave.is_set():
            if self._is_stalled.is_set():
                if not self._act():
                    break
                ended.clear()
            ended.wait(_PULSE_SECONDS)
            self.executor.tick()
            if log is not None:
                log.read([active.id for active, _ in self.executor.sample(_MOST)])
            if timed_out or stopped:
                continue
            stopped = patience.stop.is_set()
            passed = time.monotonic() - started
            timed_out = patience.seconds is not None and passed >= patience.seconds
            if stopped or timed_out:
                self._kill("interrupted" if stopped else "it took too long")
        return timed_out and not stopped, stopped

    def _kill(self, reason: str) -> None:
        for active, _ in self.executor.sample(_MOST):
            self.executor.kill(TENANT, active.id, reason)
