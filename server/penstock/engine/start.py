"""How an execution comes into being."""

from __future__ import annotations

from datetime import datetime

from penstock.engine.step import ChildRequest
from penstock.model.execution import Execution, Origin, Source, StateChange
from penstock.model.flow import Flow
from penstock.model.frozen import Json
from penstock.model.state import State

CORRELATION = "system.correlationId"


def new_execution(
    flow: Flow,
    *,
    id: str,  # noqa: A002 the execution's field
    tenant: str,
    revision: int,
    content_hash: str,
    now: datetime,
    inputs: dict[str, Json] | None = None,
    labels: dict[str, str] | None = None,
    inherited_labels: dict[str, str] | None = None,
    origin: Origin | None = None,
    source: Source | None = None,
    parent_id: str | None = None,
    parent_task_run_id: str | None = None,
    original_id: str | None = None,
    scheduled_at: datetime | None = None,
    breakpoints: tuple[str, ...] = (),
) -> Execution:
    """An execution in CREATED, with inputs that have been resolved already.

    Labels: the flow's win over inherited ones, `labels` over both. `system.correlationId` is
    the execution's own id unless it is given or inherited.
    """
    return Execution(
        id=id,
        tenant=tenant,
        namespace=flow.namespace,
        flow_id=flow.id,
        flow_revision=revision,
        flow_hash=content_hash,
        state=State.CREATED,
        history=(StateChange(State.CREATED, now),),
        created_at=now,
        inputs=inputs or {},
        variables=flow.variables,
        labels={CORRELATION: id, **(inherited_labels or {}), **flow.labels, **(labels or {})},
        origin=origin,
        source=source,
        parent_id=parent_id,
        parent_task_run_id=parent_task_run_id,
        original_id=original_id,
        scheduled_at=scheduled_at,
        breakpoints=breakpoints,
    )


def child_execution(
    request: ChildRequest,
    parent: Execution,
    flow: Flow,
    *,
    revision: int,
    content_hash: str,
    now: datetime,
    inputs: dict[str, Json],
    source: Source | None = None,
) -> Execution:
    """The execution that a `ChildRequest` asks for; `inputs` are the resolved ones."""
    return new_execution(
        flow,
        id=request.child_id,
        tenant=parent.tenant,
        revision=revision,
        content_hash=content_hash,
        now=now,
        inputs=inputs,
        labels=request.labels,
        inherited_labels=request.inherited_labels,
        origin=Origin(
            type="core.flow.Subflow",
            id=str(request.variables["taskId"]),
            actor=None if parent.origin is None else parent.origin.actor,
            variables=request.variables,
        ),
        source=source,
        parent_id=parent.id,
        parent_task_run_id=request.task_run_id,
        scheduled_at=request.scheduled_at,
    )
