"""Walks the tree of tasks: starts what comes next, and lets ends rise to their parents."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from pydantic import TypeAdapter, ValidationError

from penstock.engine.flow_output import OutputFailed, flow_outputs
from penstock.engine.message import TimerKind
from penstock.engine.plan import SIDE_LISTS, Node
from penstock.engine.retry import retry_at, tries
from penstock.engine.step import ChildRequest, Event, Job
from penstock.engine.task_runs import PASSES, Scope, scope_of, worse
from penstock.engine.variables import task_variables
from penstock.engine.work import Work, evolve
from penstock.expression import is_truthy
from penstock.expression.error import ExpressionError
from penstock.model.dynamic import Unrendered
from penstock.model.execution import Attempt, Failure, StateChange, TaskRun
from penstock.model.frozen import Json
from penstock.model.state import TERMINATED, State
from penstock.sdk.flowable import CallingTask, FlowableTask
from penstock.sdk.task import TaskFailed

_duration = TypeAdapter(timedelta)


# -- starting ------------------------------------------------------------------------------


def start(
    work: Work, node: Node, parent_id: str | None, value: str | None, iteration: int | None
) -> str:
    """Creates a task run and lets it begin: a job, a call of a flow, or its first children.

    Returns its id. It may have ended already, when it is skipped or cannot begin.
    """
    run_id = work.ports.new_id()
    detail: dict[str, Json] = {"taskId": node.task.id}
    if parent_id is not None:
        detail["parentTaskRunId"] = parent_id
    if value is not None:
        detail["value"] = value
        detail["iteration"] = iteration
    run = TaskRun(
        run_id,
        node.task.id,
        len(work.runs),
        State.CREATED,
        (StateChange(State.CREATED, work.now),),
        parent_id,
        value,
        iteration,
    )
    work.put(run)
    work.runs.active += 1
    work.runs.latest = work.now
    work.events.append(Event(work.now, "created", State.CREATED, run_id, detail))
    if not node.always and not _shall_run(work, node, run):
        return run_id
    if node.flowable is not None:
        _begin(work, node.flowable, run)
    elif node.is_call:
        call(work, cast("CallingTask", node.task), run)
    else:
        dispatch(work, node, run)
    return run_id


def _shall_run(work: Work, node: Node, run: TaskRun) -> bool:
    condition: Json = node.task.run_if
    try:
        if is_truthy(_render(work, run, condition)):
            return True
    except ExpressionError as error:
        fail(work, run, f"The condition `runIf` cannot be rendered: {error}", log=True)
        return False
    skipped = Attempt(1, State.SKIPPED, None, work.now)
    over(work, work.move(run, State.SKIPPED, "skipped", attempts=(skipped,)))
    return False


def _render(work: Work, run: TaskRun, value: Json, *, typed: bool = False) -> Json:
    if (isinstance(value, str) and "{" not in value) or isinstance(value, int | float | None):
        return value
    variables = task_variables(work.flow, work.execution(), run, None)
    return work.ports.render(value, variables, typed=typed)


def _begin(work: Work, task: FlowableTask, run: TaskRun) -> None:
    def render(value: Json, *, typed: bool = False) -> Json:
        return _render(work, run, value, typed=typed)

    run = work.move(run, State.RUNNING, "started", started_at=work.now)
    try:
        branch = task.begin(render)
    except (ExpressionError, TaskFailed) as error:
        fail(work, run, f"Task `{task.id}` cannot decide what to run: {error}", log=True)
        return
    progress: dict[str, Json] = {
        "children": branch.children,
        "chained": branch.chained,
        "limit": branch.limit,
    }
    if branch.values is not None:
        progress["values"] = list(branch.values)
    run = evolve(run, progress=progress, outputs=branch.outputs or None)
    work.put(run)
    if branch.outputs:
        work.show_outputs(run, branch.outputs)
    work.open_scope(run.id, scope_of(work.plan, run))
    work.todo.append((settle, run.id))


def dispatch(work: Work, node: Node, run: TaskRun) -> None:
    """Sends an attempt to the workers under a new fence."""
    progress = run.progress
    if isinstance(node.timeout, Unrendered):
        try:
            rendered = _render(work, run, cast("Json", node.timeout.value))
            timeout = _duration.validate_python(rendered)
        except (ExpressionError, ValidationError) as error:
            reason = error if isinstance(error, ExpressionError) else "it is no duration"
            fail(work, run, f"The property `timeout` cannot be used: {reason}", log=True)
            return
        progress = {"timeout": timeout.total_seconds()}
    fence = run.fence + 1
    work.put(evolve(run, fence=fence, progress=progress))
    work.jobs[run.id] = Job(run.id, run.task_id, fence, len(run.attempts) + 1)


def duration_text(duration: timedelta) -> str:
    """ISO 8601, as in the flow's text."""
    return str(_duration.dump_python(duration, mode="json"))


def timeout_of(node: Node, run: TaskRun) -> timedelta | None:
    """How long an attempt may take."""
    if run.progress is not None and "timeout" in run.progress:
        return timedelta(seconds=cast("float", run.progress["timeout"]))
    return node.timeout if isinstance(node.timeout, timedelta) else None


def call(work: Work, task: CallingTask, run: TaskRun) -> None:
    """Asks for an execution of another flow and starts waiting for it."""

    def render(value: Json, *, typed: bool = False) -> Json:
        return _render(work, run, value, typed=typed)

    try:
        wanted = task.call(render)
    except (ExpressionError, TaskFailed) as error:
        fail(work, run, f"Task `{task.id}` cannot call its flow: {error}", log=True)
        return
    child_id = work.ports.new_id()
    attempt = Attempt(len(run.attempts) + 1, State.RUNNING, work.now)
    run = work.move(
        run,
        State.RUNNING,
        "started",
        detail={"childExecutionId": child_id},
        started_at=run.started_at or work.now,
        attempts=(*run.attempts, attempt),
        fence=run.fence + 1,
        child_execution_id=child_id,
        progress={"wait": wanted.wait, "transmitFailed": wanted.transmit_failed},
    )
    labels = work.given.labels
    inherited = {
        key: value
        for key, value in labels.items()
        if wanted.inherit_labels or key.startswith("system.")
    }
    variables: dict[str, Json] = {
        "executionId": work.given.id,
        "namespace": work.flow.namespace,
        "flowId": work.flow.id,
        "flowRevision": work.given.flow_revision,
        "taskRunId": run.id,
        "taskId": task.id,
    }
    if run.value is not None:
        variables["taskRunValue"] = run.value
        variables["taskRunIteration"] = run.iteration
    work.children[run.id] = ChildRequest(
        run.id,
        child_id,
        wanted.namespace,
        wanted.flow_id,
        wanted.revision,
        wanted.inputs,
        wanted.labels,
        variables,
        wanted.wait,
        inherited,
    )
    limit = timeout_of(work.node(run), run)
    if limit is not None:
        work.wake(work.now + limit, TimerKind.TIMEOUT, run, run.fence)


# -- ending --------------------------------------------------------------------------------


def fail(work: Work, run: TaskRun, message: str, *, log: bool = False) -> None:
    """Ends a task run that could not begin. There is nothing to try again."""
    if log:
        work.log(message, run)
    attempts = run.attempts
    if not work.node(run).flowable:
        attempts = (*attempts, Attempt(len(attempts) + 1, State.FAILED, None, work.now))
    state = _allowed(work.node(run), State.FAILED)
    over(
        work, work.move(run, state, "failed", failure=Failure(message[:10_000]), attempts=attempts)
    )


def conclude(
    work: Work,
    run: TaskRun,
    state: State,
    kind: str,
    *,
    outputs: dict[str, Json] | None = None,
    failure: str | None = None,
) -> None:
    """Ends an attempt whose last record is in `run.attempts` already.

    A failed one is tried again when its retry rule allows it. Otherwise the task run ends.
    """
    node = work.node(run)
    reason = None if failure is None else Failure(failure[:10_000])
    if state is State.FAILED:
        reason = reason or Failure("The task failed and gave no reason.")
        ended = run.attempts[-1].ended_at or work.now
        again = retry_at(node.retry, run, ended)
        if again is not None:
            again = max(again, work.now)
            run = work.move(run, State.RETRYING, kind, at=ended, retry_at=again, failure=reason)
            work.wake(again, TimerKind.RETRY, run, run.fence)
            return
    if state is State.SUCCESS and node.retry and node.retry.warning_on_retry and tries(run) > 1:
        state = State.WARNING
    run = work.move(
        run,
        _allowed(node, state),
        kind,
        at=run.attempts[-1].ended_at if run.attempts else None,
        outputs=outputs or None,
        failure=reason,
    )
    if outputs:
        work.show_outputs(run, outputs)
    over(work, run)


def _allowed(node: Node, state: State) -> State:
    if state is State.FAILED and node.task.allow_failure:
        state = State.WARNING
    if state is State.WARNING and node.task.allow_warning:
        state = State.SUCCESS
    return state


def over(work: Work, run: TaskRun) -> None:
    """Notes that a task run has ended; its parent looks at it before the step is over."""
    work.todo.append((rise, run.id))


def rise(work: Work, run_id: str | None) -> None:
    """Counts an ended child in its parent's scope and starts the task that follows it."""
    run = work.runs[cast("str", run_id)]
    node = work.node(run)
    if run.parent_id is not None and run.parent_id not in work.runs.scopes:
        return
    scope = work.scope(run.parent_id)
    if node.is_main:
        scope.worst = worse(scope.worst, run.state)
        if run.state is State.FAILED and scope.cause is None:
            scope.cause = run.id
        goes_on = scope.chained and scope.worst in PASSES
    else:
        goes_on = run.state in PASSES
    if goes_on and node.follower is not None:
        start(work, node.follower, run.parent_id, run.value, run.iteration)
        return
    if node.is_main:
        scope.open -= 1
    else:
        scope.side_open = False
    settle(work, run.parent_id)


def _is_killing(work: Work, owner_id: str | None) -> bool:
    state = work.state if owner_id is None else work.runs[owner_id].state
    return state is State.KILLING


def settle(work: Work, owner_id: str | None) -> None:
    """Decides what a flowable, or the flow, does now: more children, a side list, or its end."""
    if owner_id not in work.runs.scopes or (owner_id is None and work.state in TERMINATED):
        return
    scope = work.scope(owner_id)
    if _is_killing(work, owner_id):
        if not scope.open and not scope.side_open:
            _end(work, owner_id, scope, State.KILLED)
        return
    if not scope.side and scope.worst in PASSES and scope.begun < scope.groups:
        _fill(work, owner_id, scope)
        return
    failed = scope.cause is not None
    if failed and not scope.side and _enter(work, owner_id, scope, "errors"):
        return
    if scope.open or scope.side_open:
        return
    if scope.side in {"", "errors"} and _enter(work, owner_id, scope, "finally_"):
        return
    _end(work, owner_id, scope, scope.worst)


def _fill(work: Work, owner_id: str | None, scope: Scope) -> None:
    """Starts groups up to the limit."""
    free = scope.groups - scope.begun
    if scope.limit:
        free = min(free, scope.limit - scope.open)
    for _ in range(free):
        node, value, iteration = scope.group(scope.begun)
        scope.begun += 1
        scope.open += 1
        run = work.runs[start(work, node, owner_id, value, iteration)]
        if run.state in TERMINATED and run.state not in PASSES:
            return


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
    message = _reason(work, scope) if worst is State.FAILED else None
    if owner_id is None:
        end_execution(work, worst, message)
        return
    run = work.runs[owner_id]
    node = work.node(run)
    state = worst
    if worst is not State.KILLED and node.flowable is not None:
        state = _allowed(node, node.flowable.settle(worst))
    del work.runs.scopes[owner_id]
    failure = run.failure if message is None else Failure(message)
    over(work, work.move(run, state, "settled", failure=failure))


def _reason(work: Work, scope: Scope) -> str:
    """The sentence of the child that failed first, with its name if it is no flowable."""
    cause = work.runs.get(scope.cause or "")
    if cause is None or cause.failure is None:
        return "A task failed."
    if work.node(cause).lists:
        return cause.failure.message
    return f"Task `{cause.task_id}` failed: {cause.failure.message}"


def end_execution(work: Work, state: State, message: str | None) -> None:
    """Gives the execution its final state and outputs, then starts `afterExecution`."""
    if message is None and state is State.FAILED:
        message = "A task failed."
    if work.failure is not None and work.state is not State.KILLING:
        # The flow's timeout has passed, whatever its tasks have come to.
        state, message = State.FAILED, work.failure.message
    if work.flow.outputs and state is not State.KILLED:
        try:
            variables = task_variables(work.flow, work.execution(), None, None)
            work.outputs = flow_outputs(work.flow, variables, work.ports)
        except OutputFailed as error:
            # After a failure the outputs of tasks that never ran are missing: no news.
            if state is not State.FAILED:
                state, message = State.FAILED, str(error)
                work.log(message)
    work.turn(state, "ended", message)
    work.fork()
    _enter(work, None, work.scope(None), SIDE_LISTS[2])


def drain(work: Work) -> None:
    """Looks at everything that changed, until nothing follows from it."""
    while work.todo:
        act, subject = work.todo.popleft()
        act(work, subject)
    retrying = work.runs.retrying > 0
    if work.state is State.RUNNING and retrying:
        work.turn(State.RETRYING, "retrying")
    elif work.state is State.RETRYING and not retrying:
        work.turn(State.RUNNING, "retried")
