"""Whether an execution that waits may be let go by somebody."""

from __future__ import annotations

from penstock.engine.message import Begin, Refused
from penstock.engine.operation import ForceRun, Unqueue
from penstock.errors import Conflict
from penstock.model.execution import Execution
from penstock.model.state import State

_WAITING = (State.CREATED, State.QUEUED, State.RESTARTED)


def check_force_run(execution: Execution) -> None:
    """Raises `Conflict` when the execution waits for nothing that can be skipped."""
    if execution.state not in (*_WAITING, State.PAUSED, State.BREAKPOINT):
        raise Conflict(
            f"The execution is {execution.state.value}: only one that is CREATED, QUEUED, PAUSED "
            "or stands at a BREAKPOINT can be made to run."
        )


def check_unqueue(execution: Execution) -> None:
    """Raises `Conflict` when the execution is not queued."""
    if execution.state is not State.QUEUED:
        raise Conflict(f"The execution is {execution.state.value}, not QUEUED.")


def answer(execution: Execution, wish: ForceRun | Unqueue) -> Begin | Refused | None:
    """The message that fulfils a wish; None when it waits for a person. Raises `Conflict`."""
    if isinstance(wish, ForceRun):
        check_force_run(execution)
        return Begin() if execution.state in _WAITING else None
    check_unqueue(execution)
    if wish.state is State.RUNNING:
        return Begin()
    if wish.state not in {State.CANCELLED, State.FAILED}:
        raise Conflict(
            f"A queued execution can become RUNNING, CANCELLED or FAILED, not {wish.state.value}."
        )
    return Refused(wish.state, f"{wish.by} took it out of the queue as {wish.state.value}.")
