"""What happens next: the whole of an execution's semantics behind one function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from penstock.engine.breakpoint import go_on
from penstock.engine.evolve import evolve
from penstock.engine.hold import request_pause, request_resume
from penstock.engine.launch import again, duration_text, timeout_of
from penstock.engine.message import (
    Begin,
    ChildEnded,
    ChildNotRestarted,
    ChildPaused,
    ChildReplaced,
    ChildStarted,
    Finished,
    KillRequested,
    Lost,
    Message,
    Refused,
    Started,
    TimerDue,
    TimerKind,
)
from penstock.engine.operation import (
    MarkReplayed,
    PauseRequested,
    Restart,
    ResumeFromBreakpoint,
    ResumeRequested,
    SetLabels,
    SetState,
    SetTaskRunState,
)
from penstock.engine.outcome import conclude, give_up
from penstock.engine.pause import overdue, wake
from penstock.engine.plan import plan_of
from penstock.engine.promise import late, look, watch
from penstock.engine.restart import (
    mark_replayed,
    not_restarted,
    refuse,
    restart,
    resume,
    rounds,
    set_labels,
    set_state,
    set_task_run_state,
)
from penstock.engine.retry import deaths
from penstock.engine.step import Ports, Step
from penstock.engine.stop import closed, expire, kill, killed
from penstock.engine.task_runs import is_held
from penstock.engine.tree import drain
from penstock.engine.work import Work
from penstock.model.execution import Attempt, Execution, TaskRun
from penstock.model.flow import Flow
from penstock.model.frozen import Json
from penstock.model.state import TERMINATED, State

_MOST_DEATHS = 5
_DEADLY = (
    f"The task lost its worker {_MOST_DEATHS} times while it ran, so it is not tried again. Look "
    "at the server's log for what ended it, such as a lack of memory."
)


def advance(
    flow: Flow, execution: Execution, messages: Sequence[Message], now: datetime, ports: Ports
) -> Step:
    """Applies messages, in order, to an execution of `flow`.

    Pure: `execution` stays as it is, and `ports` gives ids and renders expressions. Messages
    that no longer matter (an old fence, a timer overtaken by events, a second result) change
    nothing. An `Operation` that is not possible raises a `PenstockError`. An execution is all
    over when `is_over` says so.

    Args:
        flow: the flow in the execution's own revision.
        execution: the last value; the one of a previous step carries an index and is quick.
        messages: what happened since.
        now: the present moment, aware.
        ports: ids and rendering.

    Raises:
        Conflict: an operation among the messages does not fit the execution's state.
    """
    work = Work(flow, plan_of(flow), execution, now, ports)
    for message in messages:
        _ACTS[type(message)](work, message)
        if flow.sla and type(message) in _TELLING:
            look(work)
        drain(work)
    return work.step()


def is_over(execution: Execution) -> bool:
    """Whether nothing more will happen: ended, with `afterExecution` done."""
    if not execution.state.is_terminated:
        return False
    runs = execution.task_runs
    active = getattr(runs, "active", None)
    if active is not None:
        return active == 0
    return all(run.state in TERMINATED for run in runs.values())


def _begin(work: Work, message: Begin) -> None:
    del message
    if work.state not in {State.CREATED, State.QUEUED, State.RESTARTED}:
        return
    work.started_at = work.started_at or work.now
    work.turn(State.RUNNING, "begun")
    if work.plan.timeout is not None:
        fence = rounds(work.history)
        work.wake(work.now + work.plan.timeout, TimerKind.EXECUTION_TIMEOUT, fence=fence)
    watch(work)
    if work.runs:
        resume(work)
    else:
        work.look_at(None)


def _refused(work: Work, message: Refused) -> None:
    if work.state in {State.CREATED, State.RESTARTED} or (
        work.state is State.QUEUED and message.state is not State.QUEUED
    ):
        ends = message.state in TERMINATED
        if ends:
            refuse(work, message)
        work.turn(message.state, "refused", message.reason if ends else None)


def _current(work: Work, run_id: str, fence: int) -> TaskRun | None:
    """The open task run that a worker's message is about, unless the message is void."""
    run = work.runs.get(run_id)
    if run is None or run.fence != fence or run.state in TERMINATED:
        return None
    return run if work.node(run).flowable is None and not work.node(run).is_call else None


def _started(work: Work, message: Started) -> None:
    run = _current(work, message.task_run_id, message.fence)
    if run is not None and run.state is State.CREATED:
        _run(work, run, message.at, message.worker)


def _run(work: Work, run: TaskRun, at: datetime, worker: str) -> TaskRun:
    work.jobs.pop(run.id, None)
    at = max(run.history[-1].at, min(at, work.now))
    attempt = Attempt(len(run.attempts) + 1, State.RUNNING, at, None, worker)
    run = work.move(
        run,
        State.RUNNING,
        "started",
        at=at,
        started_at=run.started_at or at,
        attempts=(*run.attempts, attempt),
    )
    limit = timeout_of(work.node(run), run)
    if limit is not None:
        work.wake(at + limit, TimerKind.TIMEOUT, run, run.fence)
    return run


def _finished(work: Work, message: Finished) -> None:
    run = _current(work, message.task_run_id, message.fence)
    if run is None or run.state is State.RETRYING:
        return
    if run.state is State.KILLING:
        killed(work, run)
        return
    if run.state is State.CREATED:
        run = _run(work, run, message.started_at, message.worker)
    run = _close(work, run, message.state, message.at, told=message)
    if message.shared and run.parent_id is not None:
        _share(work, work.runs[run.parent_id], message.shared)
    conclude(
        work,
        run,
        message.state,
        "finished",
        outputs=message.outputs,
        failure=message.failure,
    )


def _share(work: Work, owner: TaskRun, outputs: dict[str, Json]) -> None:
    """Gives a flowable the outputs that its folder has now."""
    if owner.state not in TERMINATED:
        work.amend(owner, outputs={**(owner.outputs or {}), **outputs})
        work.show_outputs(owner, outputs)


def _close(
    work: Work, run: TaskRun, state: State, at: datetime, *, told: Finished | None = None
) -> TaskRun:
    """The task run with its running attempt ended, as a worker has told it; not stored yet."""
    last = run.attempts[-1]
    ended_at = max(run.history[-1].at, min(at, work.now))
    worker, log_file = last.worker, last.log_file
    if told is not None:
        worker, log_file = told.worker or worker, told.log_file or log_file
    ended = Attempt(last.number, state, last.started_at, ended_at, worker, log_file)
    return evolve(run, attempts=(*run.attempts[:-1], ended))


def _lost(work: Work, message: Lost) -> None:
    run = _current(work, message.task_run_id, message.fence)
    if run is None or run.state is State.RETRYING or is_held(run):
        return
    if run.state is State.KILLING:
        killed(work, run)
        return
    if run.state is State.RUNNING:
        if not message.blameless and deaths(run) >= _MOST_DEATHS - 1:
            give_up(work, _close(work, run, State.FAILED, work.now), _DEADLY)
            return
        attempts = closed(run, State.RESUBMITTED, work)
    else:
        number = len(run.attempts) + 1
        attempts = (*run.attempts, Attempt(number, State.RESUBMITTED, None, work.now))
    run = work.move(run, State.CREATED, "lost", attempts=attempts)
    again(work, work.node(run), run)


def _child(work: Work, run_id: str) -> TaskRun | None:
    run = work.runs.get(run_id)
    if run is None or not work.node(run).is_call:
        return None
    return run if run.state in {State.RUNNING, State.PAUSED, State.KILLING} else None


def _child_started(work: Work, message: ChildStarted) -> None:
    run = _child(work, message.task_run_id)
    if run is None or run.child_execution_id != message.child_id:
        return
    if run.state is State.KILLING or (run.progress or {}).get("wait"):
        return
    run = _close(work, run, State.SUCCESS, work.now)
    outputs: dict[str, Json] = {"executionId": message.child_id, "state": State.CREATED.value}
    conclude(work, run, State.SUCCESS, "child-started", outputs=outputs)


def _child_ended(work: Work, message: ChildEnded) -> None:
    run = _child(work, message.task_run_id)
    if run is None or message.child_id not in {None, run.child_execution_id}:
        return
    if run.state is State.KILLING:
        killed(work, run)
        return
    state, failure = _transmitted(run, message)
    run = _close(work, run, state, work.now)
    outputs: dict[str, Json] | None = None
    if message.child_id is not None:
        outputs = {"executionId": message.child_id, "state": message.state.value}
        outputs["outputs"] = message.outputs
    conclude(work, run, state, "child-ended", outputs=outputs, failure=failure)


def _child_replaced(work: Work, message: ChildReplaced) -> None:
    run = _child(work, message.task_run_id)
    if run is None or message.child_id != run.child_execution_id:
        return
    work.amend(run, child_execution_id=message.new_id)
    if run.state is State.KILLING:
        work.child_kills.append(message.new_id)


def _child_not_restarted(work: Work, message: ChildNotRestarted) -> None:
    run = _child(work, message.task_run_id)
    if run is None or message.child_id != run.child_execution_id:
        return
    if run.state is State.KILLING:
        killed(work, run)
        return
    not_restarted(work, run)


def _child_paused(work: Work, message: ChildPaused) -> None:
    run = _child(work, message.task_run_id)
    if run is None or run.child_execution_id != message.child_id:
        return
    memory = run.progress or {}
    if not memory.get("wait") or not memory.get("transmitFailed"):
        return
    if message.is_paused and run.state is State.RUNNING:
        work.move(run, State.PAUSED, "child-paused")
    elif not message.is_paused and run.state is State.PAUSED:
        work.move(run, State.RUNNING, "child-resumed")


def _transmitted(run: TaskRun, message: ChildEnded) -> tuple[State, str | None]:
    """The calling task's state and reason. CANCELLED is not transmitted."""
    if message.child_id is None:
        return State.FAILED, message.failure or "The flow could not be executed."
    if not (run.progress or {}).get("transmitFailed"):
        return State.SUCCESS, None
    if message.state in {State.FAILED, State.KILLED, State.WARNING}:
        reason = f": {message.failure}" if message.failure else "."
        ended = f"The execution `{message.child_id}` ended as {message.state.value}{reason}"
        return message.state, None if message.state is State.WARNING else ended
    return State.SUCCESS, None


def _timer_due(work: Work, message: TimerDue) -> None:
    if message.kind is TimerKind.EXECUTION_TIMEOUT:
        if message.fence == rounds(work.history):
            expire(work)
        return
    if message.kind is TimerKind.SLA:
        if message.fence == rounds(work.history):
            late(work, message.task_run_id)
        return
    run = work.runs.get(message.task_run_id or "")
    if run is None or run.fence != message.fence:
        return
    if message.kind is TimerKind.RETRY and run.state is State.RETRYING:
        _retry(work, run)
    elif message.kind is TimerKind.WAKE and run.state is State.PAUSED:
        wake(work, run)
    elif message.kind is TimerKind.TIMEOUT and work.node(run).flowable is not None:
        overdue(work, run)
    elif message.kind is TimerKind.TIMEOUT and run.state in {State.RUNNING, State.PAUSED}:
        _time_out(work, run)


def _retry(work: Work, run: TaskRun) -> None:
    node = work.node(run)
    run = work.move(run, State.CREATED, "retried", retry_at=None, failure=None, outputs=None)
    again(work, node, run)


def _time_out(work: Work, run: TaskRun) -> None:
    node = work.node(run)
    limit = timeout_of(node, run)
    if limit is None:
        return
    if node.is_call:
        if work.children.pop(run.id, None) is None:
            work.child_kills.append(run.child_execution_id or "")
    else:
        work.cancels.append(run.id)
    run = _close(work, run, State.FAILED, work.now)
    message = f"The task ran longer than its timeout of {duration_text(limit)}."
    conclude(work, run, State.FAILED, "timeout", failure=message)


def _kill_requested(work: Work, message: KillRequested) -> None:
    kill(work, message.reason, cascade=message.cascade)


# Any: each function takes the one kind of message under which it stands here.
_ACTS: dict[type, Callable[[Work, Any], None]] = {
    Begin: _begin,
    Refused: _refused,
    Started: _started,
    Finished: _finished,
    Lost: _lost,
    ChildStarted: _child_started,
    ChildEnded: _child_ended,
    ChildPaused: _child_paused,
    TimerDue: _timer_due,
    KillRequested: _kill_requested,
    ChildNotRestarted: _child_not_restarted,
    ChildReplaced: _child_replaced,
    Restart: restart,
    SetTaskRunState: set_task_run_state,
    SetState: set_state,
    SetLabels: set_labels,
    MarkReplayed: mark_replayed,
    PauseRequested: request_pause,
    ResumeFromBreakpoint: go_on,
    ResumeRequested: request_resume,
}

_TELLING = frozenset({Begin, Finished, ChildEnded, ChildStarted})
"""What changes what expressions see: only then are assertions evaluated."""
