"""How things read in JSON: the API and the command line give the same."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Protocol

import orjson

from penstock.model.execution import Attempt, Execution, StateChange, TaskRun
from penstock.model.frozen import Json
from penstock.model.provenance import Provenance
from penstock.model.sealed import hidden
from penstock.model.state import State
from penstock.service.objectset import KindName
from penstock.store.event import StoredEvent

FIRST_TASK_RUNS = 100
"""So many task runs an execution shows; the others are on pages of their own."""


class DeclaredRow(Protocol):
    """What the rows of all declared objects share."""

    __dataclass_fields__: ClassVar[dict[str, Any]]  # as the standard library types dataclasses

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


def as_text(spec: dict[str, Json]) -> str:
    """JSON for people, with a newline at the end."""
    packed = orjson.dumps(spec, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    return packed.decode() + "\n"


def declared(kind: KindName, row: DeclaredRow) -> dict[str, Json]:
    """The read-only fields of every declared object."""
    return {
        "kind": kind,
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
            "variables": hidden(origin.variables),
        },
        "source": None
        if source is None
        else {"repository": source.repository, "commit": source.commit},
        "createdAt": instant(found.created_at),
        "startedAt": instant(found.started_at),
        "endedAt": instant(found.ended_at),
        "parentId": found.parent_id,
        "originalId": found.original_id,
        "scheduleDate": instant(found.scheduled_at),
        "breakpoints": list(found.breakpoints),
        "metadata": {
            "attemptNumber": found.attempt_number,
            "originalCreatedDate": instant(found.first_created_at or found.created_at),
        },
        "error": None if found.failure is None else {"message": found.failure.message},
    }
    if with_task_runs:
        runs = sorted(found.task_runs.values(), key=lambda run: run.number)
        shown = runs[:FIRST_TASK_RUNS]
        form["taskRuns"] = [task_run(run) for run in shown]
        form["taskRunCount"] = len(runs)
        form["nextTaskRunCursor"] = task_run_cursor(shown) if len(runs) > len(shown) else None
    return form


def task_run_cursor(shown: Sequence[TaskRun]) -> str | None:
    """Where the page of task runs after these begins."""
    return None if not shown else cursor((shown[-1].number + 1,))


def cursor(values: tuple[str | int, ...]) -> str:
    """A cursor for callers to hand back."""
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def event(found: StoredEvent) -> dict[str, Json]:
    """A line of an execution's history."""
    return {
        "seq": found.seq,
        "at": instant(found.at),
        "kind": found.kind,
        "state": found.state,
        "taskRunId": found.task_run_id,
        "detail": found.detail,
    }


def task_run(run: TaskRun) -> Json:
    """A task run. One that ended without a start has its end as its start."""
    queued = next((each.at for each in reversed(run.history) if each.state is State.CREATED), None)
    started = run.started_at or (run.ended_at if run.state.is_terminated else None)
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
        "createdAt": instant(run.history[0].at),
        "queuedAt": instant(queued or run.history[0].at),
        "startedAt": instant(started),
        "endedAt": instant(run.ended_at),
        "retryAt": instant(run.retry_at),
        "childExecutionId": run.child_execution_id,
    }


def _attempt(attempt: Attempt) -> Json:
    return {
        "number": attempt.number,
        "state": attempt.state.value,
        "startedAt": instant(attempt.started_at),
        "endedAt": instant(attempt.ended_at),
        "worker": attempt.worker,
        "logFile": attempt.log_file,
    }


def _history(history: tuple[StateChange, ...]) -> list[Json]:
    return [{"state": change.state.value, "at": instant(change.at)} for change in history]
