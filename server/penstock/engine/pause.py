"""Pauses of a task run: it waits for a moment, or for somebody, and then goes on."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from pydantic import TypeAdapter

from penstock.engine.message import TimerKind
from penstock.engine.variables import moment_text
from penstock.engine.work import Work
from penstock.model.execution import Failure, TaskRun
from penstock.model.frozen import Json
from penstock.model.state import State
from penstock.sdk.flowable import Pausing

_duration = TypeAdapter(timedelta)


def pause(work: Work, run: TaskRun, pausing: Pausing) -> None:
    """Lets a flowable that has decided wait before it starts its tasks."""
    progress: dict[str, Json] = {**(run.progress or {}), "then": pausing.then.value}
    if pausing.duration is not None:
        progress["duration"] = _text(pausing.duration)
    if pausing.timeout is not None:
        progress["timeout"] = _text(pausing.timeout)
    run = work.move(run, State.PAUSED, "paused", fence=run.fence + 1, progress=progress)
    if pausing.duration is not None:
        work.wake(work.now + pausing.duration, TimerKind.WAKE, run, run.fence)
    if pausing.timeout is not None:
        work.wake(work.now + pausing.timeout, TimerKind.TIMEOUT, run, run.fence)


def rest(work: Work, run: TaskRun, wait: timedelta) -> None:
    """Lets a repeating task wait before the next time."""
    run = work.move(run, State.PAUSED, "paused", fence=run.fence + 1)
    work.wake(work.now + wait, TimerKind.WAKE, run, run.fence)


def again(work: Work, run: TaskRun) -> None:
    """Lets a repeating task begin the next time."""
    rounds = cast("int", (run.progress or {})["rounds"]) + 1
    progress: dict[str, Json] = {**(run.progress or {}), "rounds": rounds}
    run = work.move(run, State.RUNNING, "resumed", progress=progress)
    work.scope(run.id).groups = rounds
    work.look_at(run.id)


def is_repeating(run: TaskRun) -> bool:
    """Whether a paused task run waits for its next iteration."""
    return run.progress is not None and "rounds" in run.progress


def wake(work: Work, run: TaskRun) -> None:
    """The duration of a pause is over."""
    if is_repeating(run):
        again(work, run)
        return
    memory = run.progress or {}
    state = State(str(memory["then"]))
    failure = None
    if state is State.FAILED:
        failure = f"Nobody resumed it within its pauseDuration of {memory['duration']}."
    go_on(work, run, state, failure=failure)


def overdue(work: Work, run: TaskRun) -> None:
    """The timeout of a pause is over."""
    if run.state is State.PAUSED and not is_repeating(run):
        limit = cast("str", (run.progress or {})["timeout"])
        failure = f"Nobody resumed it within its timeout of {limit}."
        go_on(work, run, State.FAILED, failure=failure)


def go_on(
    work: Work,
    run: TaskRun,
    state: State,
    *,
    by: str | None = None,
    answers: dict[str, Json] | None = None,
    failure: str | None = None,
) -> None:
    """Ends a pause as `state`; tasks that stand in the paused one run if it may go on."""
    outputs: dict[str, Json] = {
        "resumed": {"by": by, "on": moment_text(work.now), "to": state.value}
    }
    if answers:
        outputs["onResume"] = answers
    run = work.move(
        run,
        State.RUNNING,
        "resumed",
        detail=None if by is None else {"by": by},
        outputs={**(run.outputs or {}), **outputs},
        progress={**(run.progress or {}), "paused": state.value},
        failure=None if failure is None else Failure(failure),
    )
    work.show_outputs(run, outputs)
    scope = work.scope(run.id)
    scope.worst = state
    scope.cause = run.id if state is State.FAILED else None
    work.look_at(run.id)


def abandon(work: Work, run: TaskRun) -> None:
    """The execution ends while the task waits: it ends as CANCELLED, with what runs beside it."""
    work.move(
        run,
        State.RUNNING,
        "abandoned",
        progress={**(run.progress or {}), "paused": State.CANCELLED.value},
    )
    work.scope(run.id).worst = State.CANCELLED


def _text(duration: timedelta) -> str:
    return str(_duration.dump_python(duration, mode="json"))
