"""Whether an execution may begin now."""

from __future__ import annotations

from penstock.engine.message import Begin, Refused
from penstock.model.concurrency import Concurrency, ConcurrencyBehavior
from penstock.model.state import State

_STATES = {
    ConcurrencyBehavior.QUEUE: State.QUEUED,
    ConcurrencyBehavior.CANCEL: State.CANCELLED,
    ConcurrencyBehavior.FAIL: State.FAILED,
}


def admit(concurrency: Concurrency | None, running: int) -> Begin | Refused:
    """The message for an execution of a flow of which `running` executions hold a slot."""
    if concurrency is None or running < concurrency.limit:
        return Begin()
    state = _STATES[concurrency.behavior]
    return Refused(state, f"Execution is {state.value} due to concurrency limit exceeded")
