"""The server's runtime within one call: its executor on a store that is gone afterwards."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from sqlalchemy import Connection, event

from penstock.engine.operation import Operation
from penstock.engine.start import new_execution
from penstock.engine.variables import Environment
from penstock.expression.error import ExpressionError
from penstock.model.execution import Execution, Origin
from penstock.model.flow import Flow, content_hash
from penstock.model.frozen import Json
from penstock.model.state import State
from penstock.runtime.attempt import Bench, Substitute
from penstock.runtime.clock import Clock, SkippingClock, WatchedClock
from penstock.runtime.context import Place
from penstock.runtime.executor import Executor
from penstock.runtime.flows import FlowVersion, FlowVersions
from penstock.runtime.functions import World
from penstock.runtime.local_files import kept_files
from penstock.runtime.local_log import LocalLog
from penstock.runtime.rendering import Renderer
from penstock.secrets.cipher import Cipher
from penstock.secrets.envelope import new_key
from penstock.service.beginning import Beginning, build
from penstock.service.checking import examine
from penstock.service.isolation import Isolation
from penstock.service.services import Parses
from penstock.service.spec import NamespaceSpec
from penstock.service.surroundings import PluginDefaults, stored
from penstock.service.upload import Folder, Upload, merged
from penstock.storage.base import task_file
from penstock.storage.local import LocalStorage
from penstock.store import event as event_store
from penstock.store import execution as execution_store
from penstock.store import flow as flow_store
from penstock.store import kv as kv_store
from penstock.store import namespace as namespace_store
from penstock.store import namespace_file as file_store
from penstock.store import schema
from penstock.store.event import StoredEvent
from penstock.store.execution_filter import Filter
from penstock.store.flow import FlowRow
from penstock.store.identity import new_id
from penstock.store.kv import KvRow
from penstock.store.log import LogLine
from penstock.store.namespace import NamespaceRow
from penstock.store.session import Database

TENANT = "main"
ORIGIN = Origin("cli", id="cli", actor="cli")
_OWNER = "local"
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
        self._secrets = _GivenSecrets({} if secrets is None else secrets)
        self._environment = environment or Environment()
        self._workers = workers
        self._defaults = PluginDefaults()
        self._flows = FlowVersions(parses, self._defaults)
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
            self.database.close()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _open(self) -> None:
        path = self._folder / "penstock.db"
        if self._content is not None:
            path.write_bytes(self._content)
        self.database = Database(f"sqlite:///{path}")
        # Nothing of it outlives this process, so nothing needs to reach the disk.
        event.listen(self.database.engine, "connect", _do_not_sync)
        schema.prepare(self.database)
        self.storage = storage = LocalStorage(self._folder / "storage")
        isolation = Isolation(is_open=True)
        self.world = World(
            self.database,
            self._secrets,
            storage,
            self._environment,
            isolation,
            cipher=Cipher(new_key()),
            transport=None if self._substitute is None else self._substitute.network(),
        )
        bench = Bench(self.clock, Place(self._folder / "work"), substitute=self._substitute)
        self.executor = Executor(self.world, self._flows, bench, workers=self._workers)
        self.executor.start()

    # -- what flows find -------------------------------------------------------------------

    def add(self, flows: Iterable[tuple[Flow, str]]) -> None:
        """Stores flows with their texts; of one with the same name the last one counts."""
        now = self.clock.now()
        with self.database.transaction() as tx:
            for flow, source in flows:
                row = FlowRow(
                    tenant=TENANT,
                    namespace=flow.namespace,
                    id=flow.id,
                    revision=flow_store.next_revision(tx, TENANT, flow.namespace, flow.id),
                    content_hash=content_hash(source),
                    source=source,
                    owner=_OWNER,
                    created_at=now,
                    updated_at=now,
                    disabled=flow.disabled,
                )
                flow_store.put(tx, row, ())

    def declare(self, namespace: str, spec: NamespaceSpec) -> None:
        """What a namespace says; those that say nothing are open to all flows."""
        now = self.clock.now()
        row = NamespaceRow(
            tenant=TENANT,
            namespace=namespace,
            owner=_OWNER,
            revision=1,
            content_hash="",
            created_at=now,
            updated_at=now,
            description=spec.description,
            variables=spec.variables,
            labels=spec.labels,
            allowed_namespaces=spec.allowed_namespaces,
            plugin_defaults=stored(spec.plugin_defaults or ()) or None,
        )
        with self.database.transaction() as tx:
            namespace_store.put(tx, row)
        self.world.forget()
        self._defaults.forget()

    def put_pair(self, namespace: str, key: str, value: Json) -> None:
        """Writes a key-value pair."""
        now = self.clock.now()
        row = KvRow(TENANT, namespace, key, _OWNER, 1, "", now, now, value)
        with self.database.transaction() as tx:
            kv_store.put(tx, row)

    def keep(self, key: tuple[str, str], name: str, text: str, folder: Path) -> str:
        """Stores a file as if an execution of the flow had, by way of `folder`; gives its URI."""
        path = folder / "file"
        path.write_text(text)
        uri = task_file(*key, "fixtures", task="files", task_run="files", name=name)
        return self.storage.put(TENANT, uri, path)

    def render(self, key: tuple[str, str], value: Json, variables: Mapping[str, Json]) -> Json:
        """Renders expressions as a trigger of a flow would before there is an execution."""
        execution, version = self._blank(*key)
        flow = version.flow
        about: Json = {"id": flow.id, "namespace": flow.namespace, "revision": version.revision}
        renderer = Renderer(self.world, self.clock, execution)
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
        with self.database.read() as tx:
            version = self._flows.latest(tx, TENANT, namespace, flow_id)
        assert version is not None, "the flow was added"
        return version

    def add_files(self, namespace: str, folder: Path) -> None:
        """Makes the files below a folder the files of a namespace."""
        now, storage = self.clock.now(), self.world.storage
        with self.database.transaction() as tx:
            for row in kept_files(storage, TENANT, namespace, folder=folder, now=now):
                file_store.put(tx, row)

    # -- running ---------------------------------------------------------------------------

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
        files = Folder(self.world.storage, TENANT, id_).keep(version.flow, uploads)
        beginning = Beginning(
            id=id_,
            tenant=TENANT,
            now=self.clock.now(),
            origin=origin or ORIGIN,
            inputs=merged(dict(inputs), files),
            labels=labels or {},
        )
        execution = build(version, beginning, lambda made: Renderer(self.world, self.clock, made))
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
        renderer = Renderer(self.world, self.clock, execution)
        verdict = examine(version.flow, execution, renderer)
        ended = threading.Event()
        undo = self.executor.subscribe(execution.id, lambda: self._tell_end(ended))
        log = LocalLog(self.database, TENANT, on_line) if on_line is not None else None
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
        with self.database.read() as tx:
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
            with self.database.read() as tx:
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


def empty_database() -> bytes:
    """A database with all tables, for who makes many runners: making it takes the most time."""
    with tempfile.TemporaryDirectory(prefix="penstock-run-") as folder:
        path = Path(folder) / "penstock.db"
        database = Database(f"sqlite:///{path}")
        event.listen(database.engine, "connect", _do_not_sync)
        schema.prepare(database)
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        return path.read_bytes()


class _GivenSecrets:
    """See `penstock.runtime.functions.SecretReader`."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def read(self, tx: Connection, tenant: str, namespace: str, key: str) -> str | None:
        """The value that was given, whatever the namespace."""
        del tx, tenant, namespace
        if key not in self._values:
            raise ExpressionError(
                f"The secret '{key}' is not given. Set PENSTOCK_SECRET_{key} in the environment, "
                f"or give it with --secret {key}=…"
            )
        return self._values[key]


def _do_not_sync(connection: sqlite3.Connection, _entry: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=OFF")
    cursor.close()
