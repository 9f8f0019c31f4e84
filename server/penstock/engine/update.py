"""Carries out tasks that change the execution itself."""

from __future__ import annotations

from penstock.engine.outcome import conclude, fail
from penstock.engine.variables import task_variables
from penstock.engine.work import Work
from penstock.expression.error import ExpressionError
from penstock.model.execution import Attempt, TaskRun
from penstock.model.frozen import Json
from penstock.model.state import State
from penstock.sdk.task import TaskFailed
from penstock.sdk.updating import Present, Update, UpdatingTask


def update(work: Work, task: UpdatingTask, run: TaskRun) -> None:
    """Lets the task change the execution, and ends its task run."""

    def render(value: Json, *, typed: bool = False) -> Json:
        variables = task_variables(work.flow, work.execution(), run, None)
        return work.ports.render(value, variables, typed=typed)

    try:
        wanted = task.update(render, Present(work.labels, work.variables))
    except Exception as error:  # noqa: BLE001 - a plugin's fault fails its task, not the engine
        fail(work, run, _sentence(task, error))
        return
    attempt = Attempt(len(run.attempts) + 1, State.RUNNING, work.now)
    run = work.move(
        run,
        State.RUNNING,
        "started",
        started_at=work.now,
        attempts=(*run.attempts, attempt),
        progress=None if wanted.end is None else {"exit": wanted.end.value},
    )
    if wanted.end is not None:
        work.leave(run)
        return
    ended = Attempt(attempt.number, State.SUCCESS, work.now, work.now)
    run = work.amend(run, attempts=(*run.attempts[:-1], ended))
    conclude(work, run, State.SUCCESS, "updated", detail=_carry_out(work, wanted))


def _carry_out(work: Work, wanted: Update) -> dict[str, Json]:
    """Changes labels and variables; gives what the event tells of it: no variable's value."""
    detail: dict[str, Json] = {}
    if wanted.labels is not None:
        changed: dict[str, Json] = {
            key: value for key, value in wanted.labels.items() if work.labels.get(key) != value
        }
        detail["labels"] = changed
        work.labels = wanted.labels
    if wanted.variables is not None:
        names = [*work.variables, *wanted.variables]
        detail["variables"] = [
            name
            for name in dict.fromkeys(names)
            if (name in work.variables) != (name in wanted.variables)
            or work.variables[name] != wanted.variables[name]
        ]
        work.variables = wanted.variables
    return detail


def _sentence(task: UpdatingTask, error: Exception) -> str:
    if isinstance(error, TaskFailed):
        return error.message
    if isinstance(error, ExpressionError):
        return f"Task `{task.id}` cannot be rendered: {error}"
    return f"The task type '{task.type}' has a fault, {type(error).__name__}: {error}"
