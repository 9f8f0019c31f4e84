"""Whether an execution is one too many within a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from penstock.engine.launch import duration_text
from penstock.engine.message import Refused
from penstock.model.quota import Quota, QuotaBehavior
from penstock.model.state import State

_STATES = {QuotaBehavior.FAIL: State.FAILED, QuotaBehavior.CANCEL: State.CANCELLED}


def exceeded(quotas: Sequence[Quota], started: Callable[[timedelta], int]) -> Refused | None:
    """The refusal of the first quota that is used up; `started` counts the executions of a flow
    that have started within a time until now.
    """
    for quota in quotas:
        if started(quota.duration) >= quota.limit:
            state = _STATES[quota.behavior]
            return Refused(
                state,
                f"Execution is {state.value} due to quota exceeded: {quota.limit} within "
                f"{duration_text(quota.duration)}",
            )
    return None
