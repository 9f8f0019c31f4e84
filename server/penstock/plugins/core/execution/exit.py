"""core.execution.Exit."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from penstock.model.dynamic import Dynamic
from penstock.model.state import State
from penstock.sdk.flowable import Render, written
from penstock.sdk.task import TaskFailed
from penstock.sdk.updating import Present, Update, UpdatingTask


class ExitState(StrEnum):
    """The states in which a flow can end itself."""

    SUCCESS = "SUCCESS"
    WARNING = "WARNING"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    KILLED = "KILLED"


def _current(value: object) -> object:
    return "CANCELLED" if value == "CANCELED" else value


class Exit(UpdatingTask):
    """Ends the execution now, in the given state.

    The task, the tasks that hold it and the execution take the state; nothing else starts but
    `afterExecution`, neither `errors` nor `finally`. Tasks that run beside it come to their end by
    themselves. With `KILLED` the execution is killed instead: they are stopped.

    Example:
        id: only-on-weekdays
        namespace: company.team
        inputs:
          - id: day
            type: STRING
            defaults: Sunday
        tasks:
          - id: weekend
            type: core.flow.If
            condition: "{{ ['Saturday', 'Sunday'] contains inputs.day }}"
            then:
              - id: stop
                type: core.execution.Exit
                state: CANCELLED
          - id: work
            type: core.log.Log
            message: working
    """

    state: Annotated[
        Dynamic[Annotated[ExitState, BeforeValidator(_current)]],
        Field(description="SUCCESS, WARNING, FAILED, CANCELLED (or CANCELED) or KILLED."),
    ] = ExitState.SUCCESS

    def update(self, render: Render, present: Present) -> Update:
        """The end."""
        del present
        state = _current(str(render(written(self.state))).strip())
        if state not in ExitState.__members__:
            listed = ", ".join(ExitState.__members__)
            raise TaskFailed(f"`state` must be one of {listed}; it rendered to `{state}`.")
        return Update(end=State(str(state)))
