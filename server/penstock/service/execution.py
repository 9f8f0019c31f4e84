"""Starts executions and reads what became of them."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from penstock.errors import InvalidObject, NotFound
from penstock.language.inputs import unknown_inputs
from penstock.model.execution import Execution, Origin
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.model.state import State
from penstock.model.task import LogLevel
from penstock.security.caller import Caller
from penstock.service import form
from penstock.service.beginning import Beginning, build
from penstock.service.form import instant
from penstock.service.port import FlowVersion
from penstock.service.present import not_found
from penstock.service.services import Services
from penstock.store import event as events
from penstock.store import execution as rows
from penstock.store import flow as flows
from penstock.store import log as logs
from penstock.store.audit import AuditRecord

_BEYOND = 2**31
_NAMES = ("namespace", "flowId", "inputs", "labels", "revision")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request for an execution."""

    namespace: str
    flow_id: str
    inputs: dict[str, Json] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """An execution that is ready to be submitted, with the event that goes with it."""

    execution: Execution
    version: FlowVersion
    audit: AuditRecord
    warnings: tuple[str, ...] = ()


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
    if problems:
        raise _invalid(problems)
    return Wanted(
        namespace=cast("str", namespace),
        flow_id=cast("str", flow_id),
        inputs=cast("dict[str, Json]", inputs or {}),
        labels=cast("dict[str, str]", labels or {}),
        revision=cast("int | None", revision),
    )


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


def prepare(services: Services, caller: Caller, wanted: Wanted, version: FlowVersion) -> Prepared:
    """Resolves the inputs and makes the execution; touches no database.

    Raises `FlowDisabled`, and `InvalidInputs` with one problem per input.
    """
    now, flow = services.now(), version.flow
    execution = build(
        version,
        Beginning(
            id=services.new_id(),
            tenant=caller.tenant,
            now=now,
            origin=Origin("api", actor=caller.actor),
            inputs=wanted.inputs,
            labels=wanted.labels,
        ),
        services.renderer,
    )
    record = AuditRecord(
        tenant=caller.tenant,
        at=now,
        actor=caller.actor,
        action="execution.create",
        object=f"execution/{execution.id}",
        after=version.content_hash,
        detail={"flow": f"{flow.namespace}/{flow.id}"},
    )
    warnings = tuple(
        f"{problem.message} {problem.hint or ''}".rstrip()
        for problem in unknown_inputs(flow.inputs, wanted.inputs)
    )
    return Prepared(execution, version, record, warnings)


def get(services: Services, caller: Caller, execution_id: str) -> dict[str, Json]:
    """An execution with its task runs. Raises `NotFound`."""
    with services.database.read() as tx:
        found = rows.get(tx, caller.tenant, execution_id)
    if found is None:
        raise NotFound(f"There is no execution {execution_id}.")
    return form.execution(found)


def page(
    services: Services,
    caller: Caller,
    *,
    namespace: str | None = None,
    flow_id: str | None = None,
    state: str | None = None,
    cursor: str | None = None,
    limit: int,
) -> dict[str, Json]:
    """Executions without task runs, newest first."""
    if state is not None and state not in State.__members__:
        problem = Problem(
            f"There is no state `{state}`.",
            path="state",
            code="invalid",
            hint=f"The states are {', '.join(State.__members__)}.",
        )
        raise _invalid([problem])
    with services.database.read() as tx:
        found = rows.page(
            tx,
            caller.tenant,
            namespace=namespace,
            flow_id=flow_id,
            state=state,
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


def kill(services: Services, caller: Caller, execution_id: str) -> dict[str, Json]:
    """Asks for the end of an execution. Raises `NotFound`."""
    get(services, caller, execution_id)
    record = AuditRecord(
        tenant=caller.tenant,
        at=services.now(),
        actor=caller.actor,
        action="execution.kill",
        object=f"execution/{execution_id}",
    )
    reason = f"killed by {caller.actor}"
    killed = services.executor.kill(caller.tenant, execution_id, reason, audit=record).result()
    return form.execution(killed) if killed is not None else get(services, caller, execution_id)


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
    return [
        {
            "seq": event.seq,
            "at": instant(event.at),
            "kind": event.kind,
            "state": event.state,
            "taskRunId": event.task_run_id,
            "detail": event.detail,
        }
        for event in found
    ]


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
