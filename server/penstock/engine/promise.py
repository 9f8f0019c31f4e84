"""Watches over what is promised of an execution (`sla`)."""

from __future__ import annotations

from penstock.engine.launch import duration_text
from penstock.engine.message import TimerKind
from penstock.engine.restart import rounds
from penstock.engine.stop import end_open
from penstock.engine.tree import end_execution
from penstock.engine.variables import task_variables
from penstock.engine.work import Work
from penstock.expression import is_truthy
from penstock.expression.error import ExpressionError
from penstock.model.sla import ExecutionAssertion, MaxDuration, Sla, SlaBehavior
from penstock.model.state import TERMINATED, State

_ENDS = {SlaBehavior.FAIL: State.FAILED, SlaBehavior.CANCEL: State.CANCELLED}


def watch(work: Work) -> None:
    """Arms the timers of an execution that begins."""
    for sla in work.flow.sla:
        if isinstance(sla, MaxDuration):
            fence = rounds(work.history)
            work.wake(work.now + sla.duration, TimerKind.SLA, fence=fence, name=sla.id)


def late(work: Work, sla_id: str | None) -> None:
    """The time of a promise is over."""
    for sla in work.flow.sla:
        if isinstance(sla, MaxDuration) and sla.id == sla_id:
            _broken(work, sla, f"it runs longer than {duration_text(sla.duration)}")


def look(work: Work) -> None:
    """Evaluates assertions. One that cannot be evaluated counts as kept, and is told once."""
    for sla in work.flow.sla:
        if not isinstance(sla, ExecutionAssertion) or _is_ended(work):
            continue
        try:
            variables = task_variables(work.flow, work.execution(), None, None)
            holds = is_truthy(work.ports.render(sla.assert_, variables))
        except ExpressionError as error:
            _tell(work, f"The SLA `{sla.id}` cannot be evaluated and is ignored: {error}")
            continue
        if not holds:
            _broken(work, sla, f"`{sla.assert_}` does not hold")


def _is_ended(work: Work) -> bool:
    return work.state in TERMINATED or work.state in {
        State.CREATED,
        State.QUEUED,
        State.KILLING,
    }


def _tell(work: Work, message: str) -> None:
    if message not in work.runs.told:
        work.fork()
        work.runs.told = work.runs.told | {message}
        work.log(message)


def _broken(work: Work, sla: Sla, reason: str) -> None:
    if _is_ended(work):
        return
    message = f"The SLA `{sla.id}` is violated: {reason}."
    _tell(work, message)
    labels = {**work.labels, **sla.labels}
    if labels != work.labels:
        work.fork()
        work.labels = labels
    state = _ENDS.get(sla.behavior)
    if state is not None:
        # Nothing follows from what has just ended.
        work.todo.clear()
        work.paused_by = None
        end_open(work, state, message, "sla")
        end_execution(work, state, message if state is State.FAILED else None, is_early=True)
