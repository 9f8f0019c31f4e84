"""Goes on with an execution that has ended: a restart, and a task run's state set by hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import cast

from penstock.engine.evolve import evolve
from penstock.engine.iteration import end_iteration
from penstock.engine.launch import begin, call, start
from penstock.engine.message import Refused
from penstock.engine.operation import (
    MarkReplayed,
    Restart,
    SetLabels,
    SetState,
    SetTaskRunState,
)
from penstock.engine.rewind import Point, position_of, rewound
from penstock.engine.step import ChildRestart, Event
from penstock.engine.task_runs import PASSES, Scope, has_yielded
from penstock.engine.work import Work
from penstock.errors import Conflict
from penstock.model.execution import Attempt, Execution, Failure, StateChange, TaskRun
from penstock.model.state import TERMINATED, State
from penstock.sdk.flowable import CallingTask

RESTARTED = "system.restarted"
REPLAYED = "system.replayed"
SYSTEM = "system."
_FINAL = (State.SUCCESS, State.WARNING, State.FAILED, State.CANCELLED)
NOTHING_FAILED = "No task found to restart execution from!"


def rounds(history: Sequence[StateChange]) -> int:
    """How often an execution was restarted: what was armed in an earlier round is void."""
    return sum(change.state is State.RESTARTED for change in history)


def check_restart(execution: Execution) -> None:
    """Raises `Conflict` when the state of an execution allows no restart."""
    state = execution.state
    if state in {State.KILLED, State.RETRIED}:
        why = "was killed" if state is State.KILLED else "was replaced by another execution"
        raise Conflict(
            f"The execution {why}, so it cannot be restarted. A replay starts a new one."
        )
    if state not in TERMINATED and state is not State.PAUSED:
        raise Conflict(
            f"The execution is {state.value}: only one that has ended, or is PAUSED, can be "
            "restarted."
        )


def restart(work: Work, message: Restart) -> None:
    """Opens what failed again and leaves the execution in RESTARTED."""
    del message
    check_restart(work.execution())
    runs = rewound(work.plan, work.runs, work.now, Point())
    if not any(run.state is State.RESTARTED for run in runs):
        raise Conflict(NOTHING_FAILED)
    _reopen(work, runs)


def _reopen(work: Work, runs: list[TaskRun]) -> None:
    """Puts the execution in RESTARTED with the task runs that stay."""
    kept = {run.id for run in runs}
    for run in work.runs.values():
        if run.id not in kept and run.state not in TERMINATED and not work.node(run).flowable:
            work.cancels.append(run.id)
    work.adopt({run.id: run for run in runs})
    work.labels = {**work.labels, RESTARTED: "true"}
    work.failure = work.outputs = work.ended_at = work.paused_by = None
    work.turn(State.RESTARTED, "restarted")
    for run in runs:
        if run.state is State.RESTARTED:
            work.events.append(Event(work.now, "restarted", State.RESTARTED, run.id))


def set_task_run_state(work: Work, message: SetTaskRunState) -> None:
    """Gives a task run its state and leaves the execution in RESTARTED."""
    state = message.state
    run = work.runs.get(message.task_run_id)
    if run is None:
        raise Conflict(f"The execution has no task run '{message.task_run_id}'.")
    _check_final("a task run", state)
    check_ended(work.execution())
    if run.state not in TERMINATED:
        raise Conflict(f"The task run is {run.state.value}: it has not ended.")
    if not _is_main(work, run):
        raise Conflict(
            f"Task `{run.task_id}` belongs to errors, finally or afterExecution, which run anew."
        )
    still = next((each for each in work.runs.values() if _goes_on(work, each)), None)
    if still is not None:
        raise Conflict(f"Task `{still.task_id}` of the execution still runs.")
    passed = _passed(work, run, state)
    if passed is not None:
        raise Conflict(
            f"Later tasks have run after `{passed.task_id}`, so `{run.task_id}` cannot become "
            f"{state.value}. A replay from it starts them anew."
        )
    runs = rewound(work.plan, work.runs, work.now, Point(above=run.id))
    _reopen(work, runs)
    work.events.append(Event(work.now, "restarted", State.RESTARTED, run.id))
    marked = (StateChange(State.RESTARTED, work.now), StateChange(state, work.now))
    failure = None
    if state is State.FAILED:
        failure = run.failure or Failure("Somebody set its state to FAILED.")
    new = evolve(work.runs[run.id], state=state, history=(*run.history, *marked), failure=failure)
    work.adopt({**work.runs, run.id: new})
    work.events.append(Event(work.now, "state-set", state, run.id, {"before": run.state.value}))


def _is_main(work: Work, run: TaskRun) -> bool:
    while True:
        if not work.node(run).is_main:
            return False
        if run.parent_id is None:
            return True
        run = work.runs[run.parent_id]


def _goes_on(work: Work, run: TaskRun) -> bool:
    """Whether a task run is open that was begun before a task ended the execution."""
    return run.state not in TERMINATED and _is_main(work, run)


def _passed(work: Work, run: TaskRun, state: State) -> TaskRun | None:
    """What later tasks have followed already, although the change would have it run again: what
    holds the task run, or the task run itself if nothing may follow it in its new state.
    """
    if state not in PASSES and _has_followers(work, run):
        return run
    while run.parent_id is not None:
        run = work.runs[run.parent_id]
        if _has_followers(work, run):
            return run
    return None


def _has_followers(work: Work, run: TaskRun) -> bool:
    node = work.node(run)
    if node.parent is not None and node.parent.needs is not None:
        needs = node.parent.needs
        return any(
            other.parent_id == run.parent_id and run.task_id in needs.get(other.task_id, ())
            for other in work.runs.values()
        )
    memory = (work.runs[run.parent_id].progress if run.parent_id else None) or {}
    if not memory.get("chained", True):
        return False
    place = position_of(work.plan, node)
    return any(
        other.parent_id == run.parent_id
        and other.iteration == run.iteration
        and work.node(other).section == node.section
        and position_of(work.plan, work.node(other)) > place
        for other in work.runs.values()
    )


def _check_final(what: str, state: State) -> None:
    if state not in _FINAL:
        names = ", ".join(each.value for each in _FINAL)
        raise Conflict(f"The state of {what} can be set to {names}, not {state.value}.")


def check_ended(execution: Execution) -> None:
    """Raises `Conflict` when an execution has no end that somebody may change."""
    if execution.state is State.KILLED:
        raise Conflict("The execution was killed; its state stays as it is.")
    if execution.state not in TERMINATED:
        raise Conflict(f"The execution is {execution.state.value}: it has not ended.")


def set_state(work: Work, message: SetState) -> None:
    """Gives an ended execution another final state."""
    _check_final("an execution", message.state)
    check_ended(work.execution())
    if work.state is message.state:
        raise Conflict(f"The execution is {work.state.value} already.")
    before, ended_at, reason = work.state, work.ended_at, work.failure
    work.turn(State.RESTARTED, "state-set", None)
    work.failure = None
    work.turn(message.state, "state-set", None)
    if message.state is State.FAILED:
        work.failure = reason or Failure(f"Somebody set the state {before.value} to FAILED.")
    work.ended_at = ended_at


def set_labels(work: Work, message: SetLabels) -> None:
    """Replaces labels; those of the system stay."""
    check_labels(work.execution())
    for key in message.labels:
        if key.startswith(SYSTEM):
            raise Conflict(f"The label '{key}' belongs to the system.")
    kept = {key: value for key, value in work.labels.items() if key.startswith(SYSTEM)}
    work.labels = {**message.labels, **kept}


def mark_replayed(work: Work, message: MarkReplayed) -> None:
    """Sets the label of an execution of which another one was made."""
    del message
    work.labels = {**work.labels, REPLAYED: "true"}


def check_labels(execution: Execution) -> None:
    """Raises `Conflict` when an execution may still change its labels itself."""
    if execution.state not in TERMINATED:
        raise Conflict(
            f"The execution is {execution.state.value}: labels can be replaced when it has ended."
        )


def resume(work: Work) -> None:
    """Lets an execution that has task runs go on: what is RESTARTED runs again, and what
    follows what has ended begins.
    """
    again = [run for run in work.runs.values() if run.state is State.RESTARTED]
    opened: list[str | None] = [None]
    for run in again:
        if run.progress is not None and "children" in run.progress:
            work.move(run, State.RUNNING, "resumed")
            opened.append(run.id)
    work.adopt(dict(work.runs))
    below = defaultdict[str | None, list[TaskRun]](list)
    for run in work.runs.values():
        if work.node(run).is_main:
            below[run.parent_id].append(run)
    for owner_id in opened:
        _fill_gaps(work, owner_id, below[owner_id])
    for run in again:
        if work.runs[run.id].state is State.RESTARTED:
            _run_again(work, run)
    for owner_id in reversed(opened):
        work.look_at(owner_id)


def refuse(work: Work, message: Refused) -> None:
    """Ends what was to run again in an execution that is not let go on."""
    for run in reversed(list(work.runs.values())):
        if run.state is State.RESTARTED:
            work.runs.scopes.pop(run.id, None)
            failure = Failure(message.reason) if message.state is State.FAILED else None
            work.move(run, message.state, "refused", failure=failure)


def _run_again(work: Work, run: TaskRun) -> None:
    node = work.node(run)
    if node.is_call and run.child_execution_id is not None:
        if cast("CallingTask", node.task).restarts_child:
            _restart_child(work, run)
            return
        run = work.amend(run, child_execution_id=None)
    if node.flowable is None:
        run = work.move(run, State.CREATED, "resumed")
    begin(work, node, run)


def _restart_child(work: Work, run: TaskRun) -> None:
    attempt = Attempt(len(run.attempts) + 1, State.RUNNING, work.now)
    child_id = run.child_execution_id or ""
    work.move(
        run,
        State.RUNNING,
        "started",
        detail={"childExecutionId": child_id},
        attempts=(*run.attempts, attempt),
        fence=run.fence + 1,
    )
    work.child_restarts.append(ChildRestart(run.id, child_id))


def not_restarted(work: Work, run: TaskRun) -> None:
    """The child execution cannot be restarted, so another one takes its place."""
    attempts = run.attempts[:-1]
    run = work.amend(run, attempts=attempts, child_execution_id=None)
    call(work, cast("CallingTask", work.node(run).task), run)


def _fill_gaps(work: Work, owner_id: str | None, main: list[TaskRun]) -> None:
    """Starts the next task of each group of a list in which nothing is open."""
    scope = work.scope(owner_id)
    if scope.needs is not None:
        return  # What may start does so when somebody looks at it.
    last = {_number(work, scope, run): run for run in main}
    scope.begun = max(last, default=-1) + 1
    scope.open = 0
    for number in range(scope.begun):
        run = last.get(number)
        if run is not None and run.state not in TERMINATED:
            scope.open += 1
        elif scope.worst not in PASSES:
            continue
        elif run is None:
            node, value, iteration = scope.group(number)
            scope.open += 1
            start(work, node, owner_id, value, iteration)
        elif scope.chained and not has_yielded(run):
            follower = work.node(run).follower
            if follower is not None and run.state in PASSES:
                scope.open += 1
                start(work, follower, owner_id, run.value, run.iteration)
            elif scope.is_loop:
                end_iteration(work, run, scope)


def _number(work: Work, scope: Scope, run: TaskRun) -> int:
    """Which group of a scope a task run belongs to."""
    iteration = run.iteration or 0
    if scope.chained:
        return iteration
    return iteration * len(scope.main) + position_of(work.plan, work.node(run))
