"""`core.condition.FlowCondition`: holds for one flow."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.model.condition import Case, Condition


class FlowCondition(Condition):
    """Holds for one flow: that of the other execution, or else the trigger's own.

    Example:
        id: flow_condition
        namespace: company.team
        tasks:
          - {id: work, type: core.log.Log, message: "after {{ trigger.flowId ?? 'nothing' }}"}
        triggers:
          - id: after_others
            type: core.trigger.Flow
            conditions:
              - type: core.condition.FlowCondition
                namespace: company.team
                flowId: nightly
    """

    replacement: ClassVar[str] = "core.condition.ExecutionFlow, or dependsOn"

    namespace: Annotated[str, Field(description="Its namespace. Takes expressions.")]
    flow_id: Annotated[str, Field(description="Its id. Takes expressions.")]

    def holds(self, case: Case) -> bool:
        """Whether it is that flow."""
        about = case.upstream or case
        return (about.namespace, about.flow_id) == (
            case.text(self.namespace),
            case.text(self.flow_id),
        )
