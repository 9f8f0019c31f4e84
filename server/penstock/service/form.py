"""How things read in JSON: the API and the command line give the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from penstock.model.execution import Attempt, Execution, StateChange, TaskRun
from penstock.model.frozen import Json
from penstock.model.provenance import Provenance
from penstock.model.sealed import hidden
from penstock.service.objectset import Reference


class DeclaredRow(Protocol):
    """What the rows of all declared objects share."""

    @property
    def tenant(self) -> str: ...  # noqa: D102 - as in `penstock.store.declared.Declared`
    @property
    def namespace(self) -> str: ...  # noqa: D102 - as above
    @property
    def owner(self) -> str: ...  # noqa: D102 - as above
    @property
    def revision(self) -> int: ...  # noqa: D102 - as above
    @property
    def content_hash(self) -> str: ...  # noqa: D102 - as above
    @property
    def created_at(self) -> datetime: ...  # noqa: D102 - as above
    @property
    def updated_at(self) -> datetime: ...  # noqa: D102 - as above
    @property
    def provenance(self) -> Provenance: ...  # noqa: D102 - as above


def instant(at: datetime | None) -> str | None:
    """ISO 8601 in UTC with ``Z``."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def declared(reference: Reference, row: DeclaredRow) -> dict[str, Json]:
    """The read-only fields of every declared object."""
    return {
        "kind": reference.kind,
        "namespace": row.namespace,
        "owner": row.owner,
        "revision": row.revision,
        "contentHash": row.content_hash,
        "createdAt": instant(row.created_at),
        "updatedAt": instant(row.updated_at),
        "provenance": row.provenance.to_json(),
    }


def execution(found: Execution, *, with_task_runs: bool = True) -> dict[str, Json]:
    """An execution, its task runs in the order in which they were created."""
    origin, source = found.origin, found.source
    form: dict[str, Json] = {
        "id": found.id,
        "tenant": found.tenant,
        "namespace": found.namespace,
        "flowId": found.flow_id,
        "flowRevision": found.flow_revision,
        "flowHash": found.flow_hash,
        "state": found.state.value,
        "stateHistory": _history(found.history),
        "inputs": hidden(found.inputs),
        "outputs": hidden(found.outputs),
        "labels": {**found.labels},
        "variables": hidden(found.variables),
        "trigger": None
        if origin is None
        else {
            "type": origin.type,
            "id": origin.id,
            "actor": origin.actor,
            "variables": origin.variables,
        },
        "source": None
        if source is None
        else {"repository": source.repository, "commit": source.commit},
        "createdAt": instant(found.created_at),
        "startedAt": instant(found.started_at),
        "endedAt": instant(found.ended_at),
        "parentId": found.parent_id,
        "originalId": found.original_id,
        "error": None if found.failure is None else {"message": found.failure.message},
    }
    if with_task_runs:
        runs = sorted(found.task_runs.values(), key=lambda run: run.number)
        form["taskRuns"] = [_task_run(run) for run in runs]
    return form


def _task_run(run: TaskRun) -> Json:
    return {
        "id": run.id,
        "taskId": run.task_id,
        "parentTaskRunId": run.parent_id,
        "value": run.value,
        "iteration": run.iteration,
        "state": run.state.value,
        "stateHistory": _history(run.history),
        "attempts": [_attempt(attempt) for attempt in run.attempts],
        "outputs": hidden(run.outputs),
        "error": None if run.failure is None else {"message": run.failure.message},
        "startedAt": instant(run.started_at),
        "endedAt": instant(run.ended_at),
    }


def _attempt(attempt: Attempt) -> Json:
    return {
        "number": attempt.number,
        "state": attempt.state.value,
        "startedAt": instant(attempt.started_at),
        "endedAt": instant(attempt.ended_at),
        "worker": attempt.worker,
    }


def _history(history: tuple[StateChange, ...]) -> list[Json]:
    return [{"state": change.state.value, "at": instant(change.at)} for change in history]
