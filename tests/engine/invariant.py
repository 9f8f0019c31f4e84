"""What must hold of a step, of the index that it keeps, and of the world around an execution."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from penstock.engine import is_over
from penstock.engine.message import (
    Begin,
    ChildEnded,
    ChildNotRestarted,
    ChildReplaced,
    ChildStarted,
    Finished,
    Lost,
    Message,
    Refused,
    Started,
    TimerDue,
    TimerKind,
)
from penstock.engine.plan import plan_of
from penstock.engine.step import Step
from penstock.engine.task_runs import TaskRuns, build, is_held
from penstock.model.execution import Execution, TaskRun
from penstock.model.flow import Flow
from penstock.model.state import State

if TYPE_CHECKING:
    from .world import World

_CALLS = ChildEnded | ChildStarted | ChildReplaced | ChildNotRestarted
_OF_TASK_RUNS = {TimerKind.RETRY, TimerKind.TIMEOUT, TimerKind.WAKE}


def check_index(execution: Execution, flow: Flow) -> None:
    """The index that steps keep is the one that can be read off the task runs."""
    kept = execution.task_runs
    if isinstance(kept, TaskRuns):
        read = build(plan_of(flow), dict(kept))
        for name in ("active", "retrying", "paused", "halted", "holding", "latest"):
            assert getattr(kept, name) == getattr(read, name), name
        if not execution.state.is_terminated:
            assert kept.outputs == read.outputs
            assert kept.scopes.keys() == read.scopes.keys()


def check_step(before: Execution, step: Step, message: Message) -> None:
    """What a step says is what it has changed; what is void changes nothing."""
    after = step.execution
    differ = {k for k, run in after.task_runs.items() if before.task_runs.get(k) is not run}
    assert set(step.changed) == (set(after.task_runs) if step.is_rewound else differ)
    for job in step.jobs:
        assert after.task_runs[job.task_run_id].fence == job.fence
        assert not after.task_runs[job.task_run_id].state.is_terminated
    if is_void(before, message):
        assert not differ, f"{message} is void"
        effects = [*step.jobs, *step.timers, *step.children, *step.events]
        assert not effects, f"{message} is void"
        assert after.state is before.state
    if after.state is State.KILLING:
        assert not step.jobs
        assert not step.children


def is_void(before: Execution, message: Message) -> bool:
    """Whether a message is about an attempt that is not the present one (R3)."""
    if isinstance(message, Started | Finished | Lost):
        run = before.task_runs.get(message.task_run_id)
        return run is None or run.state.is_terminated or run.fence != message.fence
    if isinstance(message, TimerDue) and message.kind in _OF_TASK_RUNS:
        run = before.task_runs.get(message.task_run_id or "")
        return run is None or run.state.is_terminated or run.fence != message.fence
    return False


def owners_missing(world: World, key: str) -> Iterator[str]:
    """R1: what is open waits for a worker, a timer, another execution or a person."""
    execution = world.executions[key]
    if is_over(execution):
        return
    mail = list(world.messages_for(key))
    if execution.state is State.CREATED:
        is_told = any(isinstance(each, Begin | Refused) for each in mail)
        is_due = any(k == key and t.kind is TimerKind.SCHEDULE for k, t in world.timers)
        if not is_told and not is_due:
            yield f"{key} is CREATED and nobody will begin it"
        return
    # What is RESTARTED is told to begin in the same transaction.
    if execution.state in {State.QUEUED, State.RESTARTED}:
        return
    for run in execution.task_runs.values():
        if not run.state.is_terminated and not _is_owned(world, execution, run, mail):
            yield f"{run.task_id} of {key} is {run.state} and waits for nobody"
    for owner, run_id in world.leases:
        run = execution.task_runs.get(run_id)
        if owner == key and (run is None or run.state.is_terminated):
            yield f"a worker works for {run_id}, which has ended"


def _is_owned(world: World, execution: Execution, run: TaskRun, mail: list[Message]) -> bool:
    node = plan_of(world.flows[execution.flow_id]).nodes[run.task_id]
    if is_held(run):
        return execution.paused_by is not None
    if run.state is State.BREAKPOINT:
        return True
    if run.state is State.RETRYING:
        return _has_timer(world, execution, run, TimerKind.RETRY)
    if node.flowable is not None:
        is_open = any(
            other.parent_id == run.id and not other.state.is_terminated
            for other in execution.task_runs.values()
        )
        return is_open or run.state is State.PAUSED
    if node.is_call:
        child = world.executions.get(run.child_execution_id or "")
        if child is not None and not child.state.is_terminated:
            return True
        return any(isinstance(each, _CALLS) and each.task_run_id == run.id for each in mail)
    job = world.leases.get((execution.id, run.id))
    if job is not None and job.fence == run.fence:
        return True
    return any(
        isinstance(each, Finished | Lost) and (each.task_run_id, each.fence) == (run.id, run.fence)
        for each in mail
    )


def _has_timer(world: World, execution: Execution, run: TaskRun, kind: TimerKind) -> bool:
    return any(
        key == execution.id and (t.kind, t.task_run_id, t.fence) == (kind, run.id, run.fence)
        for key, t in world.timers
    )
