"""`core.condition.ExecutionStatus`: holds for executions in some states."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.model.condition import Case, Condition
from penstock.model.state import State


class ExecutionStatus(Condition):
    """Holds for executions in some states.

    Example:
        id: execution_status_condition
        namespace: company.team
        tasks:
          - {id: work, type: core.log.Log, message: "after {{ trigger.flowId ?? 'nothing' }}"}
        triggers:
          - id: after_others
            type: core.trigger.Flow
            conditions:
              - type: core.condition.ExecutionStatus
                in: [FAILED, WARNING]
    """

    replacement: ClassVar[str] = "states: [FAILED, WARNING]"

    in_: Annotated[
        tuple[State, ...] | None, Field(alias="in", description="The states; any when left out.")
    ] = None
    not_in: Annotated[
        tuple[State, ...] | None, Field(description="States for which it does not hold.")
    ] = None

    def holds(self, case: Case) -> bool:
        """Whether the other execution's state is wanted."""
        if case.upstream is None:
            return False
        state = case.upstream.state
        if self.not_in and state in self.not_in:
            return False
        return not self.in_ or state in self.in_
