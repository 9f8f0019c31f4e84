"""Starts executions and reads what became of them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import cast

from sqlalchemy import Connection

from penstock.errors import InvalidObject, NotFound
from penstock.model.execution import Execution, Origin
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.model.task import LogLevel
from penstock.security.caller import Caller
from penstock.service import form
from penstock.service.beginning import Beginning, build
from penstock.service.checking import PASSED, examine
from penstock.service.execution_query import Query
from penstock.service.form import instant
from penstock.service.inputs import unread
from penstock.service.port import FlowVersion
from penstock.service.present import not_found
from penstock.service.services import Services
from penstock.service.upload import Folder, Upload, merged
from penstock.store import event as events
from penstock.store import execution as rows
from penstock.store import flow as flows
from penstock.store import log as logs
from penstock.store import task_run as task_runs
from penstock.store.audit import AuditRecord

_BEYOND = 2**31
_NAMES = (
    *("namespace", "flowId", "inputs", "labels", "revision"),
    *("scheduleDate", "breakpoints"),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request for an execution."""

    namespace: str
    flow_id: str
    inputs: dict[str, Json] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    revision: int | None = None
    scheduled_at: datetime | None = None
    breakpoints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """An execution that is ready to be submitted, with the event that goes with it."""

    execution: Execution
    version: FlowVersion
    audit: AuditRecord
    warnings: tuple[str, ...] = ()
    refusal: str | None = None


def parse_wanted(body: Json) -> Wanted:
    """The request in a body. Raises `InvalidObject` with the path of each mistake."""
    if not isinstance(body, dict):
        raise _invalid([Problem("The body must be an object.", code="wrong-type")])
    namespace, flow_id = body.get("namespace"), body.get("flowId")
    inputs, labels = body.get("inputs"), body.get("labels")
    revision = body.get("revision")
    problems = [
        Problem(
            f"There is no property `{name}` here.",
            path=name,
            code="unknown-property",
            hint=f"The properties are {', '.join(_NAMES)}.",
        )
        for name in body
        if name not in _NAMES
    ]
    for name, value in (("namespace", namespace), ("flowId", flow_id)):
        if not isinstance(value, str):
            code = "missing-property" if value is None else "wrong-type"
            problems.append(Problem(f"`{name}` must be a text.", path=name, code=code))
    if inputs is not None and not isinstance(inputs, dict):
        problems.append(Problem("`inputs` must be an object.", path="inputs", code="wrong-type"))
    if labels is not None and not (
        isinstance(labels, dict) and all(isinstance(value, str) for value in labels.values())
    ):
        problems.append(
            Problem("`labels` must be an object of texts.", path="labels", code="wrong-type")
        )
    is_number = isinstance(revision, int) and not isinstance(revision, bool)
    if revision is not None and not (is_number and 0 < revision < _BEYOND):
        problems.append(
            Problem("`revision` must be a whole number from 1.", path="revision", code="wrong-type")
        )
    scheduled_at = _moment(body.get("scheduleDate"), problems)
    breakpoints = body.get("breakpoints") or []
    if not isinstance(breakpoints, list) or not all(isinstance(each, str) for each in breakpoints):
        problem = "`breakpoints` must be a list of task ids."
        problems.append(Problem(problem, path="breakpoints", code="wrong-type"))
    if problems:
        raise _invalid(problems)
    return Wanted(
        namespace=cast("str", namespace),
        flow_id=cast("str", flow_id),
        inputs=cast("dict[str, Json]", inputs or {}),
        labels=cast("dict[str, str]", labels or {}),
        revision=cast("int | None", revision),
        scheduled_at=scheduled_at,
        breakpoints=tuple(cast("list[str]", breakpoints)),
    )


def _moment(value: Json, problems: list[Problem]) -> datetime | None:
    """A moment with its time zone."""
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        message = "`scheduleDate` must be a moment such as `2026-12-31T08:00:00Z`."
        problems.append(Problem(message, path="scheduleDate", code="wrong-type"))
        return None
    return at.astimezone(UTC)


def find_flow(services: Services, caller: Caller, wanted: Wanted) -> FlowVersion:
    """The flow to execute, from the database if need be. Raises `NotFound`."""
    if wanted.revision is None:
        return services.present.get(caller.tenant, wanted.namespace, wanted.flow_id)
    with services.database.read() as tx:
        version = services.flows.at(
            tx, caller.tenant, wanted.namespace, wanted.flow_id, revision=wanted.revision
        )
        ids = () if version is not None else flows.ids(tx, caller.tenant, wanted.namespace)
    if version is not None:
        return version
    if wanted.flow_id in ids:
        raise NotFound(
            f"The flow {wanted.namespace}/{wanted.flow_id} has no revision {wanted.revision}."
        )
    raise not_found(wanted.namespace, wanted.flow_id, ids)


def prepare_with_files(
    services: Services,
    caller: Caller,
    wanted: Wanted,
    *,
    version: FlowVersion,
    files: tuple[Folder, Sequence[Upload]],
) -> Prepared:
    """The same for inputs that come with files, which are stored first. The caller removes them
    when the execution is not accepted.
    """
    folder, uploads = files
    inputs = merged(wanted.inputs, folder.keep(version.flow, uploads))
    return prepare(
        services, caller, replace(wanted, inputs=inputs), version, execution_id=folder.execution_id
    )


def prepare(
    services: Services,
    caller: Caller,
    wanted: Wanted,
    version: FlowVersion,
    *,
    execution_id: str | None = None,
) -> Prepared:
    """Resolves the inputs and makes the execution.

    Only expressions of inputs and checks, files and secret inputs read anything (pairs, secrets,
    the storage), and so may wait: those of a `version` that `may_wait`.

    Raises `FlowDisabled`, `InvalidInputs` with one problem per input, and `ExecutionBlocked` when
    a check of the flow does not let it start.
    """
    now, flow = services.now(), version.flow
    execution = build(
        version,
        Beginning(
            id=execution_id or services.new_id(),
            tenant=caller.tenant,
            now=now,
            origin=Origin("api", id="api", actor=caller.actor),
            inputs=wanted.inputs,
            labels=wanted.labels,
            scheduled_at=wanted.scheduled_at,
            breakpoints=wanted.breakpoints,
        ),
        services.renderer,
    )
    verdict = PASSED
    if flow.checks:
        verdict = examine(flow, execution, services.renderer(execution))
    record = AuditRecord(
        tenant=caller.tenant,
        at=now,
        actor=caller.actor,
        action="execution.create",
        object=f"execution/{execution.id}",
        after=version.content_hash,
        detail={"flow": f"{flow.namespace}/{flow.id}"},
    )
    warnings = unread(flow, wanted.inputs) + verdict.warnings
    return Prepared(execution, version, record, warnings, verdict.refusal)


def get(services: Services, caller: Caller, execution_id: str) -> dict[str, Json]:
    """An execution with its first task runs. Raises `NotFound`."""
    with services.database.read() as tx:
        found = _head(tx, caller, execution_id)
        runs = task_runs.page(tx, execution_id, limit=form.FIRST_TASK_RUNS)
        number = task_runs.count(tx, execution_id)
    shown = form.execution(replace(found, task_runs={run.id: run for run in runs}))
    shown["taskRunCount"] = number
    shown["nextTaskRunCursor"] = form.task_run_cursor(runs) if number > len(runs) else None
    return shown


def head(services: Services, tenant: str, execution_id: str) -> Execution:
    """An execution without its task runs. Raises `NotFound`."""
    with services.database.read() as tx:
        found = rows.head(tx, tenant, execution_id)
    if found is None:
        raise NotFound(f"There is no execution {execution_id}.")
    return found


def _head(tx: Connection, caller: Caller, execution_id: str) -> Execution:
    found = rows.head(tx, caller.tenant, execution_id)
    if found is None:
        raise NotFound(f"There is no execution {execution_id}.")
    return found


def task_run_page(
    services: Services, caller: Caller, execution_id: str, *, first: int, limit: int
) -> dict[str, Json]:
    """Task runs in the order of their creation, from number `first`. Raises `NotFound`."""
    with services.database.read() as tx:
        _head(tx, caller, execution_id)
        found = task_runs.page(tx, execution_id, first=first, limit=limit + 1)
    shown = found[:limit]
    return {
        "items": [form.task_run(run) for run in shown],
        "nextCursor": form.task_run_cursor(shown) if len(found) > limit else None,
    }


def page(
    services: Services,
    caller: Caller,
    *,
    wanted: Query | None = None,
    cursor: str | None = None,
    limit: int,
) -> dict[str, Json]:
    """Executions without task runs, newest first."""
    with services.database.read() as tx:
        found = rows.page(
            tx,
            caller.tenant,
            (wanted or Query()).filter(),
            cursor=None if cursor is None else _decoded(cursor),
            limit=limit,
        )
    after = found.next_cursor
    return {
        "items": [form.execution(each, with_task_runs=False) for each in found.items],
        "nextCursor": None
        if after is None
        else base64.urlsafe_b64encode(after.encode()).decode().rstrip("="),
    }


def log_page(
    services: Services,
    caller: Caller,
    execution_id: str,
    *,
    min_level: LogLevel = LogLevel.TRACE,
    task_run_id: str | None = None,
    after: int = 0,
    limit: int = 1_000,
) -> list[dict[str, Json]]:
    """Log lines in order, those after `after`."""
    with services.database.read() as tx:
        found = logs.page(
            tx,
            caller.tenant,
            execution_id,
            min_level=min_level,
            task_run_id=task_run_id,
            after=after,
            limit=limit,
        )
    return [
        {
            "seq": line.seq,
            "at": instant(line.at),
            "level": line.level.value,
            "message": line.message,
            "taskId": line.task_id,
            "taskRunId": line.task_run_id,
            "attempt": line.attempt,
        }
        for line in found
    ]


def event_page(
    services: Services, caller: Caller, execution_id: str, *, after: int = 0, limit: int
) -> list[dict[str, Json]]:
    """The execution's history: every state change and what caused it."""
    with services.database.read() as tx:
        found = events.of_execution(tx, caller.tenant, execution_id, after=after, limit=limit)
    return [form.event(each) for each in found]


def _decoded(cursor: str) -> str:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        text = ""
    at, _, name = text.partition("|")
    try:
        is_ours = datetime.fromisoformat(at).tzinfo is not None and bool(name)
    except ValueError:
        is_ours = False
    if not is_ours:
        raise _invalid([Problem("This cursor is none of ours.", path="cursor", code="invalid")])
    return text


def _invalid(problems: list[Problem]) -> InvalidObject:
    return InvalidObject(problems[0].message, problems=problems, hint=problems[0].hint)
