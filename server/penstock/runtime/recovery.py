"""What the rows say at start: executions to go on with, and what nobody told them yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy import Connection

from penstock.engine.message import Begin, ChildEnded, KillRequested, Message
from penstock.model.execution import Execution
from penstock.model.flow import Flow
from penstock.model.state import State
from penstock.runtime import breakdown
from penstock.runtime.active import Active, Draft, draft_of
from penstock.runtime.batch import Core
from penstock.runtime.flows import FlowVersion, FlowVersions, InvalidFlow
from penstock.runtime.rendering import Renderer
from penstock.runtime.told import child_ended, child_paused, lost_messages
from penstock.sdk.flowable import CallingTask
from penstock.store import event as event_store
from penstock.store import execution as execution_store
from penstock.store import job as job_store
from penstock.store import log as log_store
from penstock.store import timer as timer_store
from penstock.store.timer import StoredTimer


@dataclass(slots=True)
class Recovered:
    """Timers to arm, and executions that failed because their flow is gone."""

    timers: list[StoredTimer] = field(default_factory=list)
    broken: list[Draft] = field(default_factory=list)


def load(tx: Connection, core: Core, flows: FlowVersions, now: datetime) -> Recovered:
    """Fills `core.active` and `core.slots`, and finds what died with the last server.

    Every attempt is taken for lost: nobody else runs any while this process has the database
    to itself.
    """
    found = Recovered(timers=timer_store.everyone(tx))
    for page in execution_store.active(tx):
        ids = [execution.id for execution in page]
        events = event_store.last_numbers(tx, ids)
        lines = log_store.last_numbers(tx, ids)
        for execution in page:
            _add(tx, core, flows, execution, found, now=now)
            active = core.active.get(execution.id)
            if active is not None:
                active.event_seq = events.get(execution.id, 0)
                active.log_seq = lines.get(execution.id, 0)
    for timer in found.timers:
        if timer.execution_id in core.active:
            core.active[timer.execution_id].has_timers = True
    for job in job_store.everyone(tx):
        if job.execution_id in core.active:
            core.active[job.execution_id].jobs.add(job.task_run_id)
    core.slots.rebuild(active.execution for active in core.active.values())
    return found


def messages(tx: Connection, core: Core) -> list[tuple[str, Message]]:
    """What the active executions must be told first, in the order of their creation."""
    found: list[tuple[str, Message]] = []
    given_back = {job.task_run_id for job in job_store.everyone(tx) if job.owner is None}
    for active in core.active.values():
        execution = active.execution
        waits = execution.scheduled_at is not None and active.has_timers
        if execution.state in {State.CREATED, State.RESTARTED} and not waits:
            core.slots.take(execution)
            found.append((execution.id, Begin()))
        found.extend(
            (execution.id, lost) for lost in lost_messages(execution, active.version, given_back)
        )
    found.extend(_untold(tx, core))
    return found


def _add(
    tx: Connection,
    core: Core,
    flows: FlowVersions,
    execution: Execution,
    found: Recovered,
    *,
    now: datetime,
) -> None:
    version, reason = _version(tx, flows, execution)
    if version is not None:
        renderer = Renderer(core.world, core.bench.clock, execution)
        core.active[execution.id] = Active(execution, version, renderer)
        return
    structlog.get_logger("penstock.recovery").error(
        "an execution's flow cannot be read", execution=execution.id, reason=reason
    )
    found.broken.append(_broken(core, execution, now, reason))


def _version(
    tx: Connection, flows: FlowVersions, execution: Execution
) -> tuple[FlowVersion | None, str]:
    """The revision that an execution runs, or why there is none."""
    namespace, flow_id = execution.namespace, execution.flow_id
    try:
        found = flows.at(tx, execution.tenant, namespace, flow_id, execution.flow_revision)
    except InvalidFlow as error:
        return None, str(error)
    return found, "it is not stored any more"


def _unreadable(execution: Execution, reason: str) -> str:
    name = f"{execution.namespace}.{execution.flow_id}"
    return f"Revision {execution.flow_revision} of flow '{name}' cannot be executed: {reason}."


def _broken(core: Core, execution: Execution, now: datetime, reason: str) -> Draft:
    step = breakdown.failed(execution, now, _unreadable(execution, reason))
    renderer = Renderer(core.world, core.bench.clock, execution)
    nothing = FlowVersion(Flow.model_construct(), execution.flow_revision, execution.flow_hash)
    draft = draft_of(Active(execution, nothing, renderer))
    draft.execution = step.execution
    draft.changed.update(dict.fromkeys(step.changed))
    draft.is_over = draft.has_timers = True
    return draft


def _untold(tx: Connection, core: Core) -> list[tuple[str, Message]]:
    """Ends of children that their parents, and kills of parents that their children, missed."""
    waiting = {
        run.child_execution_id: (active, run)
        for active in core.active.values()
        for run in active.execution.task_runs.values()
        if run.child_execution_id is not None
        and not run.state.is_terminated
        and isinstance(active.version.tasks.get(run.task_id), CallingTask)
    }
    gone = [child_id for child_id in waiting if child_id not in core.active]
    ended = execution_store.ended(tx, gone)
    found: list[tuple[str, Message]] = []
    for child_id, (active, run) in waiting.items():
        if child_id in core.active:
            child = core.active[child_id].execution
            if child.state.is_terminated:
                found.append((active.execution.id, child_ended(child)))
            elif run.state is State.KILLING:
                found.append((child_id, KillRequested("the execution that called it was ended")))
            elif (run.state is State.PAUSED) is not (child.state is State.PAUSED):
                found.append((active.execution.id, child_paused(child)))
        elif child_id in ended:
            found.append((active.execution.id, child_ended(ended[child_id])))
        else:
            reason = f"The execution '{child_id}' that the task waited for is gone."
            missing = ChildEnded(run.id, None, State.FAILED, failure=reason)
            found.append((active.execution.id, missing))
    return found
