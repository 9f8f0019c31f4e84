"""`core.condition.FlowNamespaceCondition`: holds for the flows of a namespace."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.model.condition import Case, Condition


class FlowNamespaceCondition(Condition):
    """Holds for the flows of a namespace: that of the other execution, or else the
    trigger's own.

    Example:
        id: flow_namespace_condition
        namespace: company.team
        tasks:
          - {id: work, type: core.log.Log, message: "after {{ trigger.flowId ?? 'nothing' }}"}
        triggers:
          - id: after_others
            type: core.trigger.Flow
            conditions:
              - type: core.condition.FlowNamespaceCondition
                namespace: company
                prefix: true
    """

    replacement: ClassVar[str] = "core.condition.ExecutionNamespace, or dependsOn"

    namespace: Annotated[str, Field(description="The namespace. Takes expressions.")]
    prefix: Annotated[bool, Field(description="Whether namespaces below it count.")] = False

    def holds(self, case: Case) -> bool:
        """Whether the flow is of that namespace."""
        found, wanted = (case.upstream or case).namespace, case.text(self.namespace)
        return found.startswith(wanted) if self.prefix else found == wanted
