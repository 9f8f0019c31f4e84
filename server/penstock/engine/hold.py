"""Pausing and resuming an execution by hand."""

from __future__ import annotations

from datetime import datetime

from penstock.engine.launch import release
from penstock.engine.operation import PauseRequested, ResumeRequested
from penstock.engine.pause import again, go_on, is_repeating
from penstock.engine.plan import plan_of
from penstock.engine.step import Ports
from penstock.engine.task_runs import is_held
from penstock.engine.variables import task_variables
from penstock.engine.work import Work
from penstock.errors import Conflict, InvalidInputs
from penstock.language.inputs import Render as RenderInput
from penstock.language.inputs import resolve_inputs, unknown_inputs
from penstock.model.execution import Execution, TaskRun
from penstock.model.flow import Flow
from penstock.model.frozen import Json
from penstock.model.state import State


def request_pause(work: Work, message: PauseRequested) -> None:
    """No further task starts; what runs may finish. Raises `Conflict`."""
    if work.state not in {State.RUNNING, State.RETRYING}:
        raise Conflict(
            f"The execution is {work.state.value}; only one that is RUNNING can be paused.",
        )
    work.paused_by = message.by
    work.turn(State.PAUSED, "pause-requested")


def request_resume(work: Work, message: ResumeRequested) -> None:
    """Lifts a pause. Raises `Conflict`, and `InvalidInputs` for what a task asks."""
    if work.paused_by is not None and message.task_run_id is None:
        _lift(work)
        return
    run, answers = _answered(work, message)
    if work.state is State.PAUSED and work.paused_by is None:
        work.turn(State.RUNNING, "resumed")
    if is_repeating(run):
        again(work, run)
        return
    go_on(work, run, State.SUCCESS, by=message.by, answers=answers)


def check_resume(
    flow: Flow, execution: Execution, message: ResumeRequested, now: datetime, ports: Ports
) -> None:
    """Raises what `request_resume` would raise, and changes nothing."""
    if execution.paused_by is None or message.task_run_id is not None:
        _answered(Work(flow, plan_of(flow), execution, now, ports), message)


def _answered(work: Work, message: ResumeRequested) -> tuple[TaskRun, dict[str, Json]]:
    """The task run to resume, with the answers to what it asks."""
    run = _paused(work, message.task_run_id)
    flowable = work.node(run).flowable
    questions = () if flowable is None else flowable.questions()
    for problem in unknown_inputs(questions, message.inputs):
        asks = ", ".join(f"`{question.id}`" for question in questions) or "nothing"
        raise InvalidInputs(
            f"Task `{run.task_id}` does not ask for `{problem.path.partition('.')[2]}`.",
            problems=(problem,),
            hint=f"It asks for {asks}.",
        )
    answers = resolve_inputs(questions, message.inputs, _renderer(work, run)) if questions else {}
    return run, answers


def _lift(work: Work) -> None:
    work.paused_by = None
    work.turn(State.RUNNING, "resumed")
    for run in list(work.runs.values()):
        if is_held(run) and work.leaving is None:
            release(work, run)
    work.look_at(None)


def _paused(work: Work, run_id: str | None) -> TaskRun:
    """The task run to resume: the given one, or the first that waits for somebody."""
    if run_id is not None:
        run = work.runs.get(run_id)
        if run is None:
            raise Conflict(f"The execution has no task run `{run_id}`.")
        if run.state is not State.PAUSED:
            raise Conflict(f"Task `{run.task_id}` is {run.state.value}, not PAUSED.")
        return _itself(work, run)
    paused = [run for run in work.runs.values() if run.state is State.PAUSED]
    if not paused:
        raise Conflict(f"The execution is {work.state.value}; only a PAUSED one can be resumed.")
    for run in sorted(paused, key=is_repeating):
        if work.node(run).flowable is not None:
            return run
    return _itself(work, paused[0])


def _itself(work: Work, run: TaskRun) -> TaskRun:
    if work.node(run).flowable is None:
        raise Conflict(
            f"Task `{run.task_id}` waits for the execution {run.child_execution_id}, which is "
            "PAUSED.",
            hint="Resume that execution.",
        )
    return run


def _renderer(work: Work, run: TaskRun) -> RenderInput:
    """Renders what the questions of a task say; they see the flow's inputs and each other."""
    variables = task_variables(work.flow, work.execution(), run, None)

    def render(value: Json, inputs: dict[str, Json], /) -> Json:
        known = {**work.given.inputs, **inputs}
        return work.ports.render(value, {**variables, "inputs": known}, typed=True)

    return render
