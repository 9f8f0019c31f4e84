"""The iterations of a loop: what each of them gives, and what the loop gives of all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import cast

from penstock.engine.flow_output import OutputFailed, outputs_of
from penstock.engine.task_runs import PASSES, Scope
from penstock.engine.variables import task_variables
from penstock.engine.work import Work
from penstock.expression import is_truthy
from penstock.expression.error import ExpressionError
from penstock.model.execution import Failure, TaskRun
from penstock.model.frozen import Json
from penstock.model.state import State
from penstock.sdk.loop import LoopingTask


def end_iteration(work: Work, run: TaskRun, scope: Scope) -> None:
    """Keeps what an iteration gives, with its last task run, and asks whether it is the last."""
    loop = work.runs[cast("str", run.parent_id)]
    is_through = work.node(run).follower is None or run.state not in PASSES
    if not is_through or loop.state is not State.RUNNING or work.runs.is_left(loop.id):
        return
    number = run.iteration
    if run.state is State.RETRIED or number is None:
        return
    task = cast("LoopingTask", work.node(loop).task)
    state, outputs, failure = run.state, dict[str, Json](), None
    if state is State.SKIPPED:
        state = State.SUCCESS
    if state in PASSES:
        try:
            variables = task_variables(work.flow, work.execution(), run, None)
            what = f"Output `{{}}` of iteration {number}"
            outputs = outputs_of(task.outputs, variables, work.ports, what)
        except OutputFailed as error:
            state, failure = State.FAILED, str(error)
    is_last, trouble = _breaks(work, task, run, state, outputs)
    failure = failure or trouble
    yielded: dict[str, Json] = {"order": scope.yielded, "outputs": outputs}
    if failure is not None:
        work.log(failure, loop)
        yielded["failure"] = failure
        if trouble is not None or task.transmit_failed:
            loop = work.amend(loop, failure=Failure(failure))
    if trouble is not None:
        yielded["ends"] = True
    run = work.amend(run, progress={**(run.progress or {}), "yielded": yielded})
    scope.take(run)
    work.forget(loop.id, number)
    if is_last:
        scope.is_broken = True
        work.amend(loop, progress={**(loop.progress or {}), "broken": True})


def _breaks(
    work: Work, task: LoopingTask, run: TaskRun, state: State, outputs: dict[str, Json]
) -> tuple[bool, str | None]:
    """Whether no further iteration starts, or why that cannot be said."""
    if task.break_when is None:
        return False, None
    about: dict[str, Json] = {
        "executionId": work.given.id,
        "state": state.value,
        "outputs": outputs,
    }
    variables = task_variables(work.flow, work.execution(), run, None)
    try:
        return is_truthy(
            work.ports.render(task.break_when, {**variables, "iteration": about})
        ), None
    except ExpressionError as error:
        return True, f"The condition `breakWhen` cannot be rendered: {error}"


def result(work: Work, loop: TaskRun, scope: Scope) -> dict[str, Json]:
    """The outputs of a loop that ends. Raises `OutputFailed`."""
    memory = cast("dict[str, Json]", (loop.progress or {})["loop"])
    found: dict[str, Json] = {
        "iterationCount": scope.begun,
        "runningIterations": scope.begun - scope.yielded,
        "terminatedIterations": scope.yielded,
    }
    records = list(_records(scope, cast("list[str] | None", memory.get("keys"))))
    if not memory.get("stores"):
        found["outputs"] = records
        return found
    try:
        found["uri"] = work.ports.keep(loop.task_id, loop.id, "outputs.jsonl", records)
    except ExpressionError as error:
        raise OutputFailed(f"The outputs of the iterations cannot be stored: {error}") from error
    return found


def share(work: Work, loop: TaskRun, scope: Scope, outputs: dict[str, Json]) -> None:
    """Gives the task around a loop over `items` what became of them."""
    memory = cast("dict[str, Json]", (loop.progress or {})["loop"])
    if "items" not in memory or loop.parent_id is None or "uri" not in outputs:
        return
    counts: dict[str, Json] = dict(Counter(run.state.value for run in scope.yields()))
    shared: dict[str, Json] = {"iterations": counts, "calls": outputs["uri"]}
    owner = work.runs[loop.parent_id]
    owner = work.amend(owner, outputs={**(owner.outputs or {}), **shared})
    work.show_outputs(owner, shared)


def _records(scope: Scope, keys: list[str] | None) -> Iterator[Json]:
    """What the iterations gave, in the order in which they ended."""
    for run in scope.yields():
        place = cast("int", run.iteration)
        item: dict[str, Json] = {
            "value": run.value,
            "iteration": place,
            "key": None if keys is None else keys[place],
        }
        yielded = cast("dict[str, Json]", (run.progress or {})["yielded"])
        yield {"item": item, "outputs": yielded["outputs"]}
