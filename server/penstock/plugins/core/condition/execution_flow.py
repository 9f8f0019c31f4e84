"""`core.condition.ExecutionFlow`: holds for the executions of one flow."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.model.condition import Case, Condition


class ExecutionFlow(Condition):
    """Holds for the executions of one flow.

    Example:
        id: execution_flow_condition
        namespace: company.team
        tasks:
          - {id: work, type: core.log.Log, message: "after {{ trigger.flowId ?? 'nothing' }}"}
        triggers:
          - id: after_others
            type: core.trigger.Flow
            conditions:
              - type: core.condition.ExecutionFlow
                namespace: company.team
                flowId: nightly
    """

    replacement: ClassVar[str] = "dependsOn: [{namespace: …, flowId: …}]"

    namespace: Annotated[str, Field(description="Its namespace. Takes expressions.")]
    flow_id: Annotated[str, Field(description="Its id. Takes expressions.")]

    def holds(self, case: Case) -> bool:
        """Whether the other execution is of that flow."""
        other = case.upstream
        return other is not None and (other.namespace, other.flow_id) == (
            case.text(self.namespace),
            case.text(self.flow_id),
        )
