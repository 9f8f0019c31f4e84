"""`core.condition.ExecutionLabels`: holds for executions that have all of some labels."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.model.condition import Case, Condition


class ExecutionLabels(Condition):
    """Holds for executions that have all of some labels.

    Example:
        id: execution_labels_condition
        namespace: company.team
        tasks:
          - {id: work, type: core.log.Log, message: "after {{ trigger.flowId ?? 'nothing' }}"}
        triggers:
          - id: after_others
            type: core.trigger.Flow
            conditions:
              - type: core.condition.ExecutionLabels
                labels: {team: data}
    """

    replacement: ClassVar[str] = "dependsOn: [{…, labels: {…}}]"

    labels: Annotated[dict[str, str], Field(description="Labels that the execution must have.")]

    def holds(self, case: Case) -> bool:
        """Whether the other execution has all of them."""
        other = case.upstream
        return other is not None and all(
            other.labels.get(key) == case.text(value) for key, value in self.labels.items()
        )
