"""The server's runtime within one call: its executor on a store that is gone afterwards."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from sqlalchemy import Connection, event

from penstock.engine.variables import Environment
from penstock.expression.error import ExpressionError
from penstock.model.execution import Execution, Origin
from penstock.model.flow import Flow, content_hash
from penstock.model.frozen import Json
from penstock.runtime.attempt import Bench
from penstock.runtime.clock import Clock, SystemClock
from penstock.runtime.context import Place
from penstock.runtime.executor import Executor
from penstock.runtime.flows import FlowVersion, FlowVersions
from penstock.runtime.functions import World
from penstock.runtime.local_log import LocalLog
from penstock.runtime.rendering import Renderer
from penstock.secrets.cipher import Cipher
from penstock.secrets.envelope import new_key
from penstock.service.beginning import Beginning, build
from penstock.service.isolation import Isolation
from penstock.service.spec import NamespaceSpec
from penstock.service.surroundings import PluginDefaults, stored
from penstock.storage.local import LocalStorage
from penstock.store import execution as execution_store
from penstock.store import flow as flow_store
from penstock.store import namespace as namespace_store
from penstock.store import schema
from penstock.store.flow import FlowRow
from penstock.store.identity import new_id
from penstock.store.log import LogLine
from penstock.store.namespace import NamespaceRow
from penstock.store.session import Database

TENANT = "main"
ORIGIN = Origin("cli")
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
    """An execution as it was left, with its task runs."""

    execution: Execution
    timed_out: bool = False
    stopped: bool = False


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
    ) -> None:
        self.clock = clock or SystemClock()
        self._secrets = _GivenSecrets(secrets or {})
        self._environment = environment or Environment()
        self._workers = workers
        self._defaults = PluginDefaults()
        self._flows = FlowVersions(defaults=self._defaults)
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
        self.database = Database(f"sqlite:///{self._folder / 'penstock.db'}")
        # Nothing of it outlives this process, so nothing needs to reach the disk.
        event.listen(self.database.engine, "connect", _do_not_sync)
        schema.prepare(self.database)
        storage = LocalStorage(self._folder / "storage")
        isolation = Isolation(is_open=True)
        cipher = Cipher(new_key())
        self._world = World(
            self.database,
            self._secrets,
            storage,
            self._environment,
            isolation,
            cipher=cipher,
        )
        bench = Bench(self.clock, Place(self._folder / "work"))
        self.executor = Executor(self._world, self._flows, bench, workers=self._workers)
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
        self._world.forget()
        self._defaults.forget()

    # -- running ---------------------------------------------------------------------------

    def prepare(
        self,
        namespace: str,
        flow_id: str,
        inputs: Mapping[str, Json] = _NOTHING,
        *,
        labels: Mapping[str, str] | None = None,
    ) -> tuple[Execution, FlowVersion]:
        """An execution of a flow that was added. Raises `FlowDisabled` and `InvalidInputs`."""
        with self.database.read() as tx:
            version = self._flows.latest(tx, TENANT, namespace, flow_id)
        assert version is not None, "the flow was added"
        beginning = Beginning(
            id=new_id(),
            tenant=TENANT,
            now=self.clock.now(),
            origin=ORIGIN,
            inputs=inputs,
            labels=labels or {},
        )
        execution = build(version, beginning, lambda made: Renderer(self._world, self.clock, made))
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

        `on_line` gets each log line, with the execution (without task runs) that wrote it.
        """
        patience = patience or Patience()
        ended = threading.Event()
        undo = self.executor.subscribe(execution.id, lambda: self._tell_end(ended))
        log = LocalLog(self.database, TENANT, on_line) if on_line is not None else None
        self.executor.submit(execution, version).result()
        timed_out, stopped = self._wait(ended, patience, log)
        undo()
        if log is not None:
            log.read_rest()
        if patience.leave.is_set():
            self._grace = 0.0
        with self.database.read() as tx:
            found = execution_store.get(tx, TENANT, execution.id)
        assert found is not None, "it was submitted"
        return Ran(found, timed_out, stopped)

    def _tell_end(self, ended: threading.Event) -> None:
        if not self.executor.active_count:
            ended.set()

    def _wait(
        self, ended: threading.Event, patience: Patience, log: LocalLog | None
    ) -> tuple[bool, bool]:
        """Whether the time was over, and whether it was stopped."""
        started = time.monotonic()
        timed_out = stopped = False
        while self.executor.active_count and not patience.leave.is_set():
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
