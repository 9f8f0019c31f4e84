"""Starts task runs: a job for a worker, a call of another flow, a flowable's children."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from pydantic import TypeAdapter, ValidationError

from penstock.engine.evolve import evolve
from penstock.engine.message import TimerKind
from penstock.engine.outcome import fail
from penstock.engine.pause import pause
from penstock.engine.plan import Node
from penstock.engine.step import ChildRequest, Event, Job
from penstock.engine.task_runs import scope_of
from penstock.engine.update import update
from penstock.engine.variables import task_variables
from penstock.engine.work import Work
from penstock.expression import is_truthy
from penstock.expression.error import ExpressionError
from penstock.model.dynamic import Unrendered
from penstock.model.execution import Attempt, StateChange, TaskRun
from penstock.model.frozen import Json
from penstock.model.state import State
from penstock.sdk.flowable import (
    CallingTask,
    FlowableTask,
    FlowCall,
    Looping,
    RepeatingTask,
    Round,
)
from penstock.sdk.loop import LoopingTask
from penstock.sdk.task import TaskFailed

_duration = TypeAdapter(timedelta)


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
    if iteration is not None:
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
    if work.paused_by is not None:
        _hold(work, run)
    else:
        _enter(work, node, run)
    return run_id


def _enter(work: Work, node: Node, run: TaskRun) -> None:
    """Lets a task run begin, unless there is a breakpoint before it."""
    name = run.task_id if run.value is None else f"{run.task_id}.{run.value}"
    if work.breakpoints and not {run.task_id, name}.isdisjoint(work.breakpoints):
        work.move(run, State.BREAKPOINT, "breakpoint")
    else:
        begin(work, node, run)


def begin(work: Work, node: Node, run: TaskRun) -> None:
    """Lets a task run that was created begin, unless its condition skips it."""
    if not node.always and not _shall_run(work, node, run):
        return
    if node.flowable is not None:
        _begin(work, node.flowable, run)
    elif node.is_call:
        call(work, cast("CallingTask", node.task), run)
    elif node.updating is not None:
        update(work, node.updating, run)
    else:
        dispatch(work, node, run)


def again(work: Work, node: Node, run: TaskRun) -> None:
    """Lets a task run that stands at CREATED once more make another attempt."""
    if work.paused_by is not None:
        _hold(work, run)
    elif node.is_call:
        call(work, cast("CallingTask", node.task), run)
    else:
        dispatch(work, node, run)


def _hold(work: Work, run: TaskRun) -> None:
    # What an earlier attempt may still say is void.
    fence = run.fence + 1 if run.fence else 0
    work.amend(run, progress={**(run.progress or {}), "held": True}, fence=fence)


def release(work: Work, run: TaskRun) -> None:
    """Lets a task run begin that was held back."""
    progress = {key: value for key, value in (run.progress or {}).items() if key != "held"}
    run = work.amend(run, progress=progress or None)
    if run.attempts:
        again(work, work.node(run), run)
    else:
        _enter(work, work.node(run), run)


def _shall_run(work: Work, node: Node, run: TaskRun) -> bool:
    condition: Json = node.task.run_if
    try:
        if is_truthy(_render(work, run, condition)):
            return True
    except ExpressionError as error:
        fail(work, run, f"The condition `runIf` cannot be rendered: {error}")
        return False
    skipped = Attempt(len(run.attempts) + 1, State.SKIPPED, None, work.now)
    work.ended(work.move(run, State.SKIPPED, "skipped", attempts=(*run.attempts, skipped)))
    return False


def _render(work: Work, run: TaskRun, value: Json, *, typed: bool = False) -> Json:
    if (isinstance(value, str) and "{" not in value) or isinstance(value, int | float | None):
        return value
    variables = task_variables(work.flow, work.execution(), run, None)
    return work.ports.render(value, variables, typed=typed)


def _begin(work: Work, task: FlowableTask, run: TaskRun) -> None:
    def render(value: Json, *, typed: bool = False) -> Json:
        return _render(work, run, value, typed=typed)

    run = work.move(run, State.RUNNING, "started", started_at=run.started_at or work.now)
    try:
        branch = task.begin(render)
    except Exception as error:  # noqa: BLE001 - a plugin's fault fails its task, not the engine
        fail(work, run, f"Task `{task.id}` cannot decide what to run: {_sentence(error)}")
        return
    progress: dict[str, Json] = {
        "children": branch.children,
        "chained": branch.chained,
        "limit": branch.limit,
    }
    if branch.values is not None:
        progress["values"] = list(branch.values)
    if branch.repeats:
        progress["rounds"] = 1
    if branch.loop is not None:
        progress["loop"] = _loop(branch.loop, task)
    run = evolve(run, progress=progress, outputs=branch.outputs or None)
    work.put(run)
    if branch.outputs:
        work.show_outputs(run, branch.outputs)
    work.open_scope(run.id, scope_of(work.plan, run))
    if branch.pause is None:
        work.look_at(run.id)
        return
    pause(work, run, branch.pause)
    for beside in work.node(run).lists.get(branch.pause.beside, ()):
        work.scope(run.id).beside += 1
        start(work, beside, run.id, None, None)


def _loop(looping: Looping, task: FlowableTask) -> Json:
    """What a loop remembers beside its values."""
    memory: dict[str, Json] = {"stores": looping.stores}
    if looping.keys is not None:
        memory["keys"] = list(looping.keys)
    if not cast("LoopingTask", task).transmit_failed:
        memory["lenient"] = True
    if looping.items is not None:
        memory["items"] = list(looping.items)
    return memory


def ask(work: Work, run: TaskRun, count: int) -> Round:
    """What a repeating task wants after `count` iterations."""
    task = cast("RepeatingTask", work.node(run).task)

    def render(value: Json, *, typed: bool = False) -> Json:
        return _render(work, run, value, typed=typed)

    try:
        return task.after(render, count, work.now - (run.started_at or work.now))
    except Exception as error:  # noqa: BLE001 - a plugin's fault fails its task, not the engine
        message = f"Task `{task.id}` cannot decide whether to go on: {_sentence(error)}"
        return Round(state=State.FAILED, message=message)


def _sentence(error: Exception) -> str:
    if isinstance(error, ExpressionError | TaskFailed):
        return str(error)
    return f"its type has a fault, {type(error).__name__}: {error}"


def dispatch(work: Work, node: Node, run: TaskRun) -> None:
    """Sends an attempt to the workers under a new fence."""
    try:
        timeout = _rendered_timeout(work, node, run)
    except TaskFailed as error:
        fail(work, run, error.message)
        return
    progress = {**(run.progress or {}), **timeout} if timeout else run.progress
    fence = run.fence + 1
    work.put(evolve(run, fence=fence, progress=progress))
    work.jobs[run.id] = Job(run.id, run.task_id, fence, len(run.attempts) + 1)


def _rendered_timeout(work: Work, node: Node, run: TaskRun) -> dict[str, Json]:
    """What a task run remembers of a timeout that has an expression. Raises `TaskFailed`."""
    if not isinstance(node.timeout, Unrendered):
        return {}
    try:
        rendered = _render(work, run, cast("Json", node.timeout.value))
        return {"timeout": _duration.validate_python(rendered).total_seconds()}
    except (ExpressionError, ValidationError) as error:
        reason = error if isinstance(error, ExpressionError) else "it is no duration"
        raise TaskFailed(f"The property `timeout` cannot be used: {reason}") from None


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
        timeout = _rendered_timeout(work, work.node(run), run)
        wanted = task.call(render)
    except Exception as error:  # noqa: BLE001 - a plugin's fault fails its task, not the engine
        fail(work, run, f"Task `{task.id}` cannot call its flow: {_sentence(error)}")
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
        progress={"wait": wanted.wait, "transmitFailed": wanted.transmit_failed, **timeout},
    )
    work.children[run.id] = _request(work, run, child_id, wanted)
    limit = timeout_of(work.node(run), run)
    if limit is not None:
        work.wake(work.now + limit, TimerKind.TIMEOUT, run, run.fence)


def _request(work: Work, run: TaskRun, child_id: str, wanted: FlowCall) -> ChildRequest:
    parent = work.given
    variables: dict[str, Json] = {
        "executionId": parent.id,
        "namespace": work.flow.namespace,
        "flowId": work.flow.id,
        "flowRevision": parent.flow_revision,
        "taskRunId": run.id,
        "taskId": run.task_id,
    }
    if run.value is not None:
        variables["taskRunValue"] = run.value
        variables["taskRunIteration"] = run.iteration
    return ChildRequest(
        run.id,
        child_id,
        wanted.namespace,
        wanted.flow_id,
        wanted.revision,
        wanted.inputs,
        wanted.labels,
        variables,
        wanted.wait,
        {
            key: value
            for key, value in work.labels.items()
            if wanted.inherit_labels or key.startswith("system.")
        },
        wanted.scheduled_at,
    )
