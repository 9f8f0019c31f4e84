"""Executions that are made of an earlier one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from penstock.engine.plan import plan_of
from penstock.engine.restart import NOTHING_FAILED, REPLAYED, RESTARTED, check_restart
from penstock.engine.rewind import Point, copied, rewound
from penstock.engine.start import new_execution
from penstock.errors import Conflict
from penstock.model.execution import Execution, Origin, Source, StateChange, TaskRun
from penstock.model.flow import Flow
from penstock.model.frozen import Json
from penstock.model.state import TERMINATED, State

REPLAY = "system.replay"


@dataclass(frozen=True, slots=True)
class Version:
    """The flow that the new execution runs."""

    flow: Flow
    revision: int
    content_hash: str
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """What is the same of every execution that is made of another: its id, when, by whom."""

    id: str
    now: datetime
    origin: Origin | None
    new_id: Callable[[], str]


def replayed(
    execution: Execution,
    origin_flow: Flow,
    version: Version,
    again: Again,
    *,
    inputs: dict[str, Json] | None = None,
    task_run_id: str | None = None,
) -> Execution:
    """A new execution with the same inputs, or `inputs`, from the start or from a task run.

    Task runs before `task_run_id` are copied with their outputs.

    Raises:
        Conflict: there is nothing to start from.
    """
    made = _new(execution, version, again, REPLAY)
    if inputs is not None:
        made = replace(made, inputs=inputs)
    if task_run_id is None:
        return made
    _check_task_run(execution, origin_flow, task_run_id)
    point = Point(before=task_run_id, origin=plan_of(origin_flow))
    return _with_runs(made, execution, version, again, point=point, fresh=True)


def restarted(execution: Execution, origin_flow: Flow, version: Version, again: Again) -> Execution:
    """A new execution by another revision that runs what failed again and keeps the rest.

    Raises:
        Conflict: the execution cannot be restarted.
    """
    check_restart(execution)
    made = _new(execution, version, again, RESTARTED)
    point = Point(origin=plan_of(origin_flow))
    made = _with_runs(made, execution, version, again, point=point, fresh=False)
    failed = any(
        run.state in {State.FAILED, State.CANCELLED} for run in execution.task_runs.values()
    )
    if not failed:
        raise Conflict(NOTHING_FAILED)
    return made


def next_attempt(execution: Execution, flow: Flow, new_id: str, at: datetime) -> Execution:
    """The execution that takes the place of one that ended as RETRIED."""
    now = execution.history[-1].at
    return replace(
        new_execution(
            flow,
            id=new_id,
            tenant=execution.tenant,
            revision=execution.flow_revision,
            content_hash=execution.flow_hash,
            now=now,
            inputs=execution.inputs,
            origin=execution.origin,
            source=execution.source,
            parent_id=execution.parent_id,
            parent_task_run_id=execution.parent_task_run_id,
            original_id=execution.original_id or execution.id,
            scheduled_at=at,
            breakpoints=execution.breakpoints,
        ),
        labels=execution.labels,
        attempt_number=execution.attempt_number + 1,
        first_created_at=execution.first_created_at or execution.created_at,
    )


def _new(execution: Execution, version: Version, again: Again, label: str) -> Execution:
    labels = {key: value for key, value in execution.labels.items() if key != REPLAYED}
    return Execution(
        id=again.id,
        tenant=execution.tenant,
        namespace=execution.namespace,
        flow_id=execution.flow_id,
        flow_revision=version.revision,
        flow_hash=version.content_hash,
        state=State.CREATED,
        history=(StateChange(State.CREATED, again.now),),
        created_at=again.now,
        inputs=execution.inputs,
        labels={**labels, label: "true"},
        variables=execution.variables,
        origin=again.origin,
        source=version.source,
        original_id=execution.original_id or execution.id,
    )


def _check_task_run(execution: Execution, flow: Flow, task_run_id: str) -> None:
    run = execution.task_runs.get(task_run_id)
    if run is None:
        raise Conflict(
            f"The execution has no task run '{task_run_id}'. Its task runs are in its answer."
        )
    nodes = plan_of(flow).nodes
    while run is not None:
        if not nodes[run.task_id].is_main:
            raise Conflict(
                f"Task `{run.task_id}` belongs to errors, finally or afterExecution: a replay "
                "starts from one of `tasks`."
            )
        run = execution.task_runs.get(run.parent_id or "")


def _with_runs(
    made: Execution,
    execution: Execution,
    version: Version,
    again: Again,
    *,
    point: Point,
    fresh: bool,
) -> Execution:
    runs = rewound(plan_of(version.flow), execution.task_runs, again.now, point)
    ended = {run.id for run in runs if run.state in TERMINATED or run.state is State.RESTARTED}
    stable: list[TaskRun] = []
    for run in runs:
        # What still runs there is started here anew.
        if run.id in ended and (run.parent_id is None or run.parent_id in ended):
            stable.append(replace(run, number=len(stable)))
        else:
            ended.discard(run.id)
    new_ids = [again.new_id() for _ in stable]
    return replace(made, task_runs=copied(stable, new_ids, forget_attempts=fresh))
