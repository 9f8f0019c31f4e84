"""Lets ends rise through the tree of tasks, and starts what follows from them."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from penstock.engine.flow_output import OutputFailed, flow_outputs
from penstock.engine.iteration import end_iteration, result, share
from penstock.engine.launch import ask, start
from penstock.engine.leave import leave
from penstock.engine.outcome import allowed
from penstock.engine.pause import rest
from penstock.engine.plan import BESIDE, SIDE_LISTS
from penstock.engine.step import Renewal
from penstock.engine.task_runs import PASSES, STANDING, Scope, worse
from penstock.engine.variables import task_variables
from penstock.engine.work import Look, Work
from penstock.model.execution import Failure, TaskRun
from penstock.model.frozen import Json
from penstock.model.state import TERMINATED, State


def _rise(work: Work, run_id: str | None) -> None:
    """Counts an ended child in its parent's scope and starts the task that follows it."""
    run = work.runs[cast("str", run_id)]
    node = work.node(run)
    if run.parent_id is not None and run.parent_id not in work.runs.scopes:
        return
    scope = work.scope(run.parent_id)
    if node.is_main:
        scope.weigh(run)
        if scope.needs is not None:
            scope.done |= {run.task_id}
        goes_on = scope.chained and scope.worst in PASSES and run.state in PASSES
    else:
        goes_on = run.state in PASSES
    if work.runs.is_left(run.id):
        goes_on = False
    if goes_on and node.follower is not None:
        start(work, node.follower, run.parent_id, run.value, run.iteration)
        return
    if node.is_main:
        scope.open -= 1
        if scope.is_loop:
            end_iteration(work, run, scope)
    elif node.section == BESIDE:
        scope.beside -= 1
    else:
        scope.side_open = False
    _settle(work, run.parent_id)


def _settle(work: Work, owner_id: str | None) -> None:
    """Decides what a flowable, or the flow, does now: more children, a side list, or its end."""
    if owner_id not in work.runs.scopes or (owner_id is None and work.state in TERMINATED):
        return
    scope = work.scope(owner_id)
    state = work.state if owner_id is None else work.runs[owner_id].state
    if state is State.KILLING:
        if not scope.is_busy:
            _end(work, owner_id, scope, State.KILLED)
        return
    if work.runs.is_left(owner_id):
        if not scope.is_busy:
            _end(work, owner_id, scope, scope.worst)
        return
    if state is State.PAUSED and owner_id is not None:
        return
    if not scope.side and scope.may_begin:
        _fill(work, owner_id, scope)
        return
    failed = scope.cause is not None
    if failed and not scope.side and _enter(work, owner_id, scope, "errors"):
        return
    if scope.is_busy:
        return
    if scope.repeats and not scope.side and scope.worst in PASSES:
        _repeat(work, cast("str", owner_id), scope)
        return
    renews = scope.worst is State.RETRIED
    if not renews and scope.side in {"", "errors"} and _enter(work, owner_id, scope, "finally_"):
        return
    _end(work, owner_id, scope, scope.worst)


def _fill(work: Work, owner_id: str | None, scope: Scope) -> None:
    """Starts groups up to the limit."""
    free = scope.groups - scope.begun
    if scope.limit:
        free = min(free, scope.limit - scope.open)
    for _ in range(free):
        group = scope.next_group()
        if group is None:
            return
        node, value, iteration = group
        scope.begun += 1
        scope.open += 1
        run = work.runs[start(work, node, owner_id, value, iteration)]
        if run.state in TERMINATED and run.state not in PASSES:
            # Known at once: a sibling that was skipped must not let another one start.
            scope.weigh(run)
            if scope.worst not in PASSES:
                return
        if work.leaving == run.id:
            return


def _repeat(work: Work, owner_id: str, scope: Scope) -> None:
    """Lets a task whose list has ended decide about the next time."""
    run = work.runs[owner_id]
    told = ask(work, run, scope.begun)
    if told.outputs:
        run = work.amend(run, outputs={**(run.outputs or {}), **told.outputs})
        work.show_outputs(run, told.outputs)
    if told.wait is not None:
        rest(work, run, told.wait)
        return
    scope.repeats = False
    scope.worst = worse(scope.worst, told.state)
    if told.state is State.FAILED:
        scope.cause = run.id
        work.log(told.message or "It failed.", run)
        run = work.amend(run, failure=Failure(told.message or "It failed."))
    progress = {key: value for key, value in (run.progress or {}).items() if key != "rounds"}
    work.amend(run, progress={**progress, "paused": told.state.value})
    work.look_at(owner_id)


def _enter(work: Work, owner_id: str | None, scope: Scope, section: str) -> bool:
    """Starts a side list, unless it is empty."""
    owner = None if owner_id is None else work.node(work.runs[owner_id])
    nodes = work.plan.list_of(owner, section)
    if not nodes:
        return False
    scope.side = section
    scope.side_open = True
    start(work, nodes[0], owner_id, None, None)
    return True


def _end(work: Work, owner_id: str | None, scope: Scope, worst: State) -> None:
    outputs: dict[str, Json] = {}
    if scope.is_loop and owner_id is not None and worst is not State.KILLED:
        try:
            outputs = result(work, work.runs[owner_id], scope)
            share(work, work.runs[owner_id], scope, outputs)
        except OutputFailed as error:
            work.log(str(error), work.amend(work.runs[owner_id], failure=Failure(str(error))))
            worst, scope.cause = State.FAILED, owner_id
    message = _reason(work, scope) if worst is State.FAILED else None
    if owner_id is None:
        # Whoever paused it decides when it ends; resuming looks here again.
        if work.paused_by is None:
            end_execution(work, worst, message)
        return
    run = work.runs[owner_id]
    node = work.node(run)
    state = worst
    if worst is not State.KILLED and node.flowable is not None:
        state = allowed(node, node.flowable.settle(worst))
    del work.runs.scopes[owner_id]
    failure = run.failure if message is None else Failure(message)
    if outputs:
        work.show_outputs(run, outputs)
        outputs = {**(run.outputs or {}), **outputs}
    work.ended(work.move(run, state, "settled", failure=failure, outputs=outputs or run.outputs))


def _reason(work: Work, scope: Scope) -> str:
    """The sentence of the child that failed first, with its name if it is no flowable."""
    cause = work.runs.get(scope.cause or "")
    if cause is None or cause.failure is None:
        return "A task failed."
    if work.node(cause).flowable is not None:
        return cause.failure.message
    return f"Task `{cause.task_id}` failed: {cause.failure.message}"


def _exit(work: Work, run: TaskRun) -> None:
    state = leave(work, run)
    if state is not None:
        failure = work.runs[run.id].failure
        message = None if failure is None else failure.message
        end_execution(work, state, message, is_early=True)


def end_execution(work: Work, state: State, message: str | None, *, is_early: bool = False) -> None:
    """Gives the execution its final state and outputs, then starts `afterExecution`.

    `is_early` says that a task or an SLA has decided the state before the tasks were through.
    """
    if message is None and state is State.FAILED:
        message = "A task failed."
    if is_early:
        work.failure = None
    elif work.failure is not None and work.state is not State.KILLING:
        # The flow's timeout has passed, whatever its tasks have come to.
        state, message = State.FAILED, work.failure.message
    if state is State.RETRIED:
        work.renewal = Renewal(work.ports.new_id(), _renewal_at(work))
    if work.flow.outputs and state not in {State.KILLED, State.RETRIED}:
        try:
            variables = task_variables(work.flow, work.execution(), None, None)
            work.outputs = flow_outputs(work.flow, variables, work.ports)
        except OutputFailed as error:
            # The outputs of tasks that never ran are missing: no news after a failure, or an exit.
            if state is not State.FAILED and not is_early:
                state, message = State.FAILED, str(error)
                work.log(message)
    work.turn(state, "ended", message)
    work.fork()
    _enter(work, None, work.scope(None), SIDE_LISTS[2])


def _renewal_at(work: Work) -> datetime:
    """When the next attempt may start: as the last of the tasks that ask for it says."""
    moments = [
        datetime.fromisoformat(str(run.progress["renewAt"]))
        for run in work.runs.values()
        if run.state is State.RETRIED and run.progress and "renewAt" in run.progress
    ]
    return max(moments, default=work.now)


def drain(work: Work) -> None:
    """Looks at everything that changed, until nothing follows from it."""
    while work.todo:
        kind, subject = work.todo.popleft()
        if kind is Look.CHILD:
            _rise(work, subject)
        elif kind is Look.EXIT:
            _exit(work, work.runs[cast("str", subject)])
        else:
            _settle(work, subject)
    _stand(work)


_KINDS = {
    State.RETRYING: "retrying",
    State.PAUSED: "paused",
    State.BREAKPOINT: "breakpoint",
}


def _stand(work: Work) -> None:
    """An open execution stands still when nothing goes on in it, is RETRYING, or else RUNNING."""
    if work.state not in {State.RUNNING, State.RETRYING, State.PAUSED, State.BREAKPOINT}:
        return
    runs = work.runs
    state = State.RUNNING
    if work.paused_by is not None:
        state = State.PAUSED
    elif runs.paused and runs.active - runs.holding == runs.paused:
        state = State.BREAKPOINT if runs.halted else State.PAUSED
    elif runs.retrying:
        state = State.RETRYING
    if state is not work.state:
        after = "resumed" if work.state in STANDING else "retried"
        work.turn(state, _KINDS.get(state, after))
