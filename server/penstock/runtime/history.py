"""What tasks count, read and remove of executions: `penstock.sdk.history.History`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from penstock.engine.variables import moment_text
from penstock.errors import NotFound
from penstock.model.execution import Execution
from penstock.model.frozen import Json
from penstock.model.state import State
from penstock.model.task import LogLevel
from penstock.sdk.history import Parts, Removed, Selection
from penstock.service.isolation import Isolation, NamespaceDenied
from penstock.service.trigger import retime
from penstock.storage.base import Storage, execution_folder
from penstock.store import audit, erasure, purge, revision
from penstock.store import execution as execution_store
from penstock.store import log as log_store
from penstock.store import trigger as trigger_store
from penstock.store.audit import AuditRecord
from penstock.store.purge import Found, Wanted
from penstock.store.session import Database
from penstock.store.trigger import Override

_LOGS_BATCH = 100
_LINES = 1_000
_Check = Callable[[Connection, str, str], None]


@dataclass(frozen=True, slots=True)
class ExecutionHistory:
    """The records that one execution may see and remove."""

    database: Database
    storage: Storage
    isolation: Isolation
    execution: Execution
    now: Callable[[], datetime]

    def count(self, selection: Selection) -> int:
        """How many executions there are. Raises `NamespaceDenied`."""
        with self.database.read() as tx:
            return purge.count(tx, self._allowed(tx, selection, self._check))

    def purge_executions(
        self, selection: Selection, parts: Parts, *, batch_size: int
    ) -> Iterator[Removed]:
        """Removes executions that have ended, batch after batch. Raises `NamespaceDenied`."""
        for batch in self._batches(selection, batch_size, ended=True):
            removed = Removed()
            with self.database.transaction() as tx:
                gone = self._over(tx, batch, parts)
                ids = [each.id for each in gone]
                if parts.executions:
                    removed.executions = len(ids)
                if parts.logs:
                    removed.logs = purge.remove_logs(tx, ids)
                if parts.metrics:
                    removed.metrics = purge.remove_metrics(tx, ids)
                if gone:
                    self._note(tx, "execution.purge", len(ids), gone)
            if parts.files:
                # Not of those that go on; what a crash leaves here is for PurgeStorage.
                removed.files = sum(map(self._remove_files, gone))
            yield removed

    def flow_namespaces(self) -> tuple[list[str], list[str]]:
        """Namespaces that have or had flows: those that may be changed, and the others."""
        with self.database.read() as tx:
            known = revision.namespaces(tx, self.execution.tenant)
            allowed = [each for each in known if _passes(self._check_change, tx, each)]
        return allowed, [each for each in known if each not in allowed]

    def purge_revisions(
        self,
        namespace: str,
        is_meant: Callable[[str], bool],
        *,
        before: datetime | None,
        keep: int,
    ) -> Iterator[int]:
        """Removes old revisions, flow after flow. Raises `NamespaceDenied`."""
        tenant = self.execution.tenant
        with self.database.read() as tx:
            self._check_change(tx, namespace, "flows")
            names = revision.flows(tx, tenant, namespace)
        for name in filter(is_meant, names):
            with self.database.transaction() as tx:
                gone = revision.old(tx, (tenant, namespace, name), before=before, keep=keep)
                if gone:
                    revision.remove(tx, (tenant, namespace, name), gone)
                    record = self._record("flow.purge", f"flow/{namespace}/{name}", self.now())
                    audit.append(tx, replace(record, detail={"revisions": [*gone]}))
            yield len(gone)

    def purge_logs(
        self, selection: Selection, *, execution_id: str | None, levels: Sequence[LogLevel]
    ) -> Iterator[int]:
        """Removes lines of executions, batch after batch. Raises `NamespaceDenied`."""
        names = [level.value for level in levels]
        # Lines are younger than their execution, so it may be older than `since`.
        owners = replace(selection, since=None)
        for batch in self._batches(owners, _LOGS_BATCH, ended=False):
            ids = [each.id for each in batch if execution_id in {None, each.id}]
            with self.database.transaction() as tx:
                count = purge.remove_logs(
                    tx, ids, levels=names, since=selection.since, until=selection.until
                )
                if count:
                    self._note(tx, "log.purge", count, batch)
            yield count

    def lines(
        self, execution_id: str, *, task_ids: Sequence[str], level: LogLevel
    ) -> Iterator[dict[str, Json]]:
        """The lines of an execution's log. Raises `NotFound` and `NamespaceDenied`."""
        tenant = self.execution.tenant
        found = self.see(execution_id, "logs")
        after = 0
        while True:
            with self.database.read() as tx:
                page = log_store.page(
                    tx, tenant, execution_id, min_level=level, after=after, limit=_LINES
                )
            for line in page:
                if not task_ids or line.task_id in task_ids:
                    yield {
                        "namespace": found.namespace,
                        "flowId": found.flow_id,
                        "executionId": found.id,
                        "taskId": line.task_id,
                        "taskRunId": line.task_run_id,
                        "attemptNumber": line.attempt,
                        "timestamp": moment_text(line.at),
                        "level": line.level.value,
                        "message": line.message,
                    }
            if len(page) < _LINES:
                return
            after = page[-1].seq

    def see(self, execution_id: str, what: str) -> Execution:
        """An execution whose records may be used. Raises `NotFound` and `NamespaceDenied`."""
        return self._get(execution_id, what, self._check)

    def changeable(self, execution_id: str, what: str) -> Execution:
        """An execution that may be changed. Raises `NotFound` and `NamespaceDenied`."""
        return self._get(execution_id, what, self._check_change)

    def _get(self, execution_id: str, what: str, check: _Check) -> Execution:
        with self.database.read() as tx:
            found = execution_store.get(tx, self.execution.tenant, execution_id)
            if found is None:
                raise NotFound(f"There is no execution '{execution_id}'.")
            check(tx, found.namespace, what)
        return found

    def paused(self, namespace: str, flow_id: str) -> str:
        """The youngest paused execution of a flow. Raises `NotFound` and `NamespaceDenied`."""
        selection = Selection(namespace, flow_id, (State.PAUSED,))
        with self.database.read() as tx:
            wanted = self._allowed(tx, selection, self._check_change)
            found = purge.latest(tx, wanted)
        if found is None:
            raise NotFound(f"No execution of the flow {namespace}/{flow_id} is paused.")
        return found

    def toggle_trigger(self, namespace: str, flow_id: str, trigger: str, *, enabled: bool) -> None:
        """Lets a trigger fire or not. Raises `NotFound` and `NamespaceDenied`."""
        tenant, now = self.execution.tenant, self.now()
        with self.database.transaction() as tx:
            self._check_change(tx, namespace, "triggers")
            rows = trigger_store.of_flows(tx, tenant, [(namespace, flow_id)])
            row = next((each for each in rows if each.key.id == trigger), None)
            if row is None:
                known = ", ".join(f"'{each.key.id}'" for each in rows)
                raise NotFound(
                    f"The flow {namespace}/{flow_id} has no trigger '{trigger}'."
                    + (f" It has {known}." if known else "")
                )
            if row.is_off is not enabled:
                return
            actor = f"execution:{self.execution.id}"
            override = Override(not enabled, "toggled by a task", actor, now)
            is_as_declared = row.is_disabled is not enabled
            trigger_store.set_override(tx, row.key, None if is_as_declared else override)
            if enabled:
                retime(tx, row.key, now)
            action = "trigger.enable" if enabled else "trigger.disable"
            audit.append(tx, self._record(action, f"trigger/{namespace}/{flow_id}/{trigger}", now))

    # -- within the rules ------------------------------------------------------------------

    def _allowed(self, tx: Connection, selection: Selection, check: _Check) -> Wanted:
        """What is wanted, only in namespaces that the check lets pass."""
        wanted = Wanted(
            self.execution.tenant,
            selection.namespace,
            selection.flow_id,
            tuple(state.value for state in selection.states),
            selection.since,
            selection.until,
        )
        if selection.namespace is not None:
            check(tx, selection.namespace, "executions")
        within = [each for each in purge.namespaces(tx, wanted) if _passes(check, tx, each)]
        return replace(wanted, within=tuple(within))

    def _check(self, tx: Connection, namespace: str, what: str) -> None:
        own = self.execution
        # A flow sees to what is below its own namespace, too.
        if not namespace.startswith(f"{own.namespace}."):
            self.isolation.check(tx, own.tenant, own.namespace, target=namespace, what=what)

    def _check_change(self, tx: Connection, namespace: str, what: str) -> None:
        own = self.execution
        self.isolation.check_change(tx, own.tenant, own.namespace, target=namespace, what=what)

    def _batches(self, selection: Selection, size: int, *, ended: bool) -> Iterator[list[Found]]:
        with self.database.read() as tx:
            wanted = self._allowed(tx, selection, self._check_change)
        last: Found | None = None
        while True:
            with self.database.read() as tx:
                batch = purge.page(tx, wanted, after=last, limit=size, ended=ended)
            if batch:
                yield batch
            if len(batch) < size:
                return
            last = batch[-1]

    def _over(self, tx: Connection, batch: list[Found], parts: Parts) -> list[Found]:
        """Those that nobody has restarted since they were listed; erases their own rows."""
        if not parts.executions:
            over = purge.over(tx, [each.id for each in batch])
            return [each for each in batch if each.id in over]
        tenant = self.execution.tenant
        return [
            each for each in batch if erasure.erase(tx, tenant, each.id, logs=False, metrics=False)
        ]

    def _remove_files(self, found: Found) -> int:
        folder = execution_folder(found.namespace, found.flow_id, found.id)
        return self.storage.delete_below(self.execution.tenant, folder)

    def _note(self, tx: Connection, action: str, count: int, batch: list[Found]) -> None:
        flows = sorted({f"{each.namespace}/{each.flow_id}" for each in batch})
        detail: dict[str, Json] = {"count": count, "flows": [*flows]}
        record = self._record(action, f"execution/{self.execution.id}", self.now())
        audit.append(tx, replace(record, detail=detail))

    def _record(self, action: str, about: str, now: datetime) -> AuditRecord:
        own = self.execution
        return AuditRecord(
            tenant=own.tenant,
            at=now,
            actor=f"execution:{own.id}",
            action=action,
            object=about,
        )


def _passes(check: _Check, tx: Connection, namespace: str) -> bool:
    try:
        check(tx, namespace, "executions")
    except NamespaceDenied:
        return False
    return True
