"""A server's runtime without HTTP, for tests and for the process that is killed."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from penstock.engine.check import check
from penstock.engine.start import new_execution
from penstock.model.execution import Execution
from penstock.model.flow import content_hash
from penstock.model.provenance import Provenance
from penstock.model.state import State
from penstock.runtime.attempt import Bench
from penstock.runtime.clock import Clock, SystemClock
from penstock.runtime.context import Place
from penstock.runtime.executor import Executor
from penstock.runtime.flows import FlowVersion, FlowVersions, version_of
from penstock.runtime.functions import World
from penstock.secrets.cipher import Cipher
from penstock.secrets.envelope import Key
from penstock.storage.local import LocalStorage
from penstock.store import event as event_store
from penstock.store import execution as execution_store
from penstock.store import flow as flow_store
from penstock.store import log as log_store
from penstock.store import namespace as namespace_store
from penstock.store import schema
from penstock.store.identity import new_id
from penstock.store.session import Database

TENANT = "main"


@dataclass
class Secrets:
    values: dict[str, str] = field(default_factory=dict)

    def read(self, _tx, _tenant: str, _namespace: str, key: str) -> str | None:
        return self.values.get(key)


class Stand:
    """Database, executor and the calls that tests make of them."""

    def __init__(
        self,
        folder: Path,
        clock: Clock | None = None,
        workers: int = 4,
        local_folder: Path | None = None,
    ) -> None:
        self.clock = clock or SystemClock()
        self.database = Database(f"sqlite:///{folder}/penstock.db")
        schema.prepare(self.database)
        self.secrets = Secrets()
        storage = LocalStorage(folder / "files")
        self.world = World(
            self.database,
            self.secrets,
            storage,
            local_folder=local_folder,
            cipher=Cipher(Key(bytes(32))),
        )
        self.flows = FlowVersions()
        self.bench = Bench(self.clock, Place(folder / "work"), outputs_limit=64 * 1024)
        self.executor = Executor(self.world, self.flows, self.bench, workers=workers)

    def put(self, source: str) -> FlowVersion:
        """Stores a flow as its next revision and gives it back parsed."""
        hash_ = content_hash(source)
        parsed = version_of(source, revision=1, content_hash=hash_).flow
        with self.database.transaction() as tx:
            flow_store.put(
                tx,
                flow_store.FlowRow(
                    tenant=TENANT,
                    namespace=parsed.namespace,
                    id=parsed.id,
                    revision=flow_store.next_revision(tx, TENANT, parsed.namespace, parsed.id),
                    content_hash=hash_,
                    source=source,
                    owner="test",
                    created_at=datetime.now(UTC),
                    updated_at=datetime.now(UTC),
                    provenance=Provenance(),
                    disabled=parsed.disabled,
                ),
                (),
            )
        with self.database.read() as tx:
            version = self.flows.latest(tx, TENANT, parsed.namespace, parsed.id)
        assert version is not None
        return version

    def declare(self, namespace: str, **spec) -> None:
        """Declares a namespace; `spec` has the fields of its row."""
        now = datetime.now(UTC)
        row = namespace_store.NamespaceRow(TENANT, namespace, "test", 1, "", now, now, **spec)
        with self.database.transaction() as tx:
            namespace_store.put(tx, row)
        self.world.forget()

    def create(self, version: FlowVersion, **inputs) -> Execution:
        return new_execution(
            version.flow,
            id=new_id(),
            tenant=TENANT,
            revision=version.revision,
            content_hash=version.content_hash,
            now=self.clock.now(),
            inputs=inputs,
        )

    def submit(self, version: FlowVersion, **inputs) -> str:
        return self.executor.submit(self.create(version, **inputs), version).result(30).id

    def run(self, source: str, **inputs) -> Execution:
        """Stores a flow, executes it, and gives back what the rows say at the end."""
        version = self.put(source)
        id_ = self.submit(version, **inputs)
        assert self.executor.join_idle(30), f"{id_} does not end"
        return self.get(id_, version)

    def until_started(self, execution_id: str, task_id: str) -> None:
        """Waits, told by the executor, until a worker has begun with a task."""
        told = threading.Event()
        undo = self.executor.subscribe(execution_id, told.set)
        # A short task may have ended by the time that somebody looks.
        while not any(
            run.task_id == task_id and run.started_at is not None and run.state is not State.CREATED
            for run in self.get(execution_id).task_runs.values()
        ):
            assert told.wait(30), f"{task_id} does not start"
            told.clear()
        undo()

    def get(self, execution_id: str, version: FlowVersion | None = None) -> Execution:
        with self.database.read() as tx:
            found = execution_store.get(tx, TENANT, execution_id)
        assert found is not None
        if version is not None:
            assert check(found, version.flow) == []
        return found

    def logs(self, execution_id: str) -> list[str]:
        with self.database.read() as tx:
            return [line.message for line in log_store.page(tx, TENANT, execution_id)]

    def events(self, execution_id: str) -> list[tuple[str, str]]:
        with self.database.read() as tx:
            found = event_store.of_execution(tx, TENANT, execution_id)
        assert [event.seq for event in found] == list(range(1, len(found) + 1))
        return [(event.kind, event.state) for event in found]

    def all(self) -> list[Execution]:
        """Every execution, with task runs."""
        with self.database.read() as tx:
            page = execution_store.page(tx, TENANT, limit=10_000)
            return [execution_store.get(tx, TENANT, item.id) for item in page.items]

    def close(self) -> None:
        self.executor.stop(grace=1)
        self.database.close()
