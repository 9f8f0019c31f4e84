"""`core.condition.ExecutionOutputs`: holds on outputs of the other execution."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.expression import is_truthy
from penstock.model.condition import Case, Condition


class ExecutionOutputs(Condition):
    """Holds when an expression on the outputs of the other execution is truthy.

    Example:
        id: execution_outputs_condition
        namespace: company.team
        tasks:
          - {id: work, type: core.log.Log, message: "after {{ trigger.flowId ?? 'nothing' }}"}
        triggers:
          - id: after_others
            type: core.trigger.Flow
            conditions:
              - type: core.condition.ExecutionOutputs
                expression: "{{ (trigger.outputs.rows ?? 0) > 0 }}"
    """

    replacement: ClassVar[str] = 'dependsOn: [{…, when: "{{ … }}"}]'

    expression: Annotated[
        str | bool, Field(description="The expression; it reads `trigger.outputs`.")
    ]

    def holds(self, case: Case) -> bool:
        """Whether it is truthy."""
        return case.upstream is not None and is_truthy(case.value(self.expression))
