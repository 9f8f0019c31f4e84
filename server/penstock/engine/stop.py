"""Ends an execution from outside: a kill, and the flow's own timeout."""

from __future__ import annotations

from penstock.engine.evolve import evolve
from penstock.engine.launch import duration_text
from penstock.engine.task_runs import is_held
from penstock.engine.work import Work
from penstock.model.execution import Attempt, Failure, TaskRun
from penstock.model.state import TERMINATED, State


def kill(work: Work, reason: str, *, cascade: bool = True) -> None:
    """Starts to end an execution: what has not begun is KILLED, what runs is told to stop.

    Nothing starts any more, no errors and no finally; `afterExecution` runs at the end. A kill
    of an execution that has ended stops its `afterExecution` tasks and leaves its state.
    """
    if work.state in {State.CREATED, State.QUEUED, State.RESTARTED} and not work.runs.active:
        work.turn(State.KILLING, "kill-requested", reason)
        work.turn(State.KILLED, "ended")
        return
    if work.state is State.KILLING or (work.state in TERMINATED and not work.runs.active):
        return
    work.paused_by = None
    if work.state not in TERMINATED:
        work.turn(State.KILLING, "kill-requested", reason)
    for run in list(work.runs.values()):
        if run.state not in TERMINATED and run.state is not State.KILLING:
            _kill_run(work, run, cascade=cascade)
    work.look_at(None)


def _kill_run(work: Work, run: TaskRun, *, cascade: bool) -> None:
    node = work.node(run)
    if run.id in work.runs.scopes:
        work.move(run, State.KILLING, "killing")
        work.look_at(run.id)
    elif node.is_call and run.state in {State.RUNNING, State.PAUSED}:
        if work.children.pop(run.id, None) is None and cascade:
            work.child_kills.append(run.child_execution_id or "")
            work.move(run, State.KILLING, "killing")
        else:
            killed(work, run)
    elif run.state is State.RUNNING:
        work.cancels.append(run.id)
        work.move(run, State.KILLING, "killing")
    else:
        if (
            node.flowable is None
            and work.jobs.pop(run.id, None) is None
            and run.state is State.CREATED
            and not is_held(run)
        ):
            work.cancels.append(run.id)
        killed(work, run)


def killed(work: Work, run: TaskRun) -> None:
    """Ends a task run as KILLED. Its fence grows: whatever its worker still says is void."""
    attempts = closed(run, State.KILLED, work)
    work.ended(work.move(run, State.KILLED, "killed", attempts=attempts, fence=run.fence + 1))


def closed(run: TaskRun, state: State, work: Work) -> tuple[Attempt, ...]:
    """The attempts of a task run, the last one ended now if it still runs."""
    if not run.attempts or run.attempts[-1].ended_at is not None:
        return run.attempts
    last = run.attempts[-1]
    ended_at = max(work.now, last.started_at or work.now)
    ended = Attempt(last.number, state, last.started_at, ended_at, last.worker)
    return (*run.attempts[:-1], ended)


def expire(work: Work) -> None:
    """Fails everything that is open, because the flow's timeout has passed.

    The flow's `errors` and `finally` run; those of open flowables do not, as they belong to
    what took too long. If errors are running already, `finally` is next; if that runs, the end.
    """
    limit = work.plan.timeout
    if limit is None or work.state in TERMINATED or work.state is State.KILLING:
        return
    if work.state in {State.CREATED, State.QUEUED}:
        return
    work.paused_by = None
    message = f"The execution ran longer than the flow's timeout of {duration_text(limit)}."
    work.log(message)
    work.failure = Failure(message)
    scope = work.scope(None)
    for run_id in end_open(work, State.FAILED, message, "timeout"):
        scope.cause = scope.cause or run_id
    scope.worst = State.FAILED
    scope.open = 0
    scope.side_open = False
    work.look_at(None)


def end_open(work: Work, state: State, message: str, kind: str) -> list[str]:
    """Ends every open task run in a state, the innermost first; what works is told to stop.

    Gives their ids. Nothing follows from these ends.
    """
    ended = [run.id for run in reversed(list(work.runs.values())) if run.state not in TERMINATED]
    for run_id in ended:
        _end_run(work, work.runs[run_id], state, message, kind)
    return ended


def _end_run(work: Work, run: TaskRun, state: State, message: str, kind: str) -> None:
    node = work.node(run)
    work.runs.scopes.pop(run.id, None)
    if node.is_call and run.state in {State.RUNNING, State.PAUSED}:
        if work.children.pop(run.id, None) is None:
            work.child_kills.append(run.child_execution_id or "")
    elif (
        node.flowable is None
        and not is_held(run)
        and run.state not in {State.RETRYING, State.BREAKPOINT}
        and work.jobs.pop(run.id, None) is None
    ):
        work.cancels.append(run.id)
    ended = evolve(run, attempts=closed(run, state, work), fence=run.fence + 1)
    failure = Failure(message) if state is State.FAILED else None
    work.move(ended, state, kind, failure=failure)
