"""`core.condition.Expression`: holds when an expression is truthy."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.expression import is_truthy
from penstock.model.condition import Case, Condition


class Expression(Condition):
    """Holds when an expression is truthy.

    Example:
        id: expression_condition
        namespace: company.team
        tasks:
          - {id: work, type: core.log.Log, message: "{{ trigger.date ?? 'by hand' }}"}
        triggers:
          - id: each_day
            type: core.trigger.Schedule
            cron: "0 9 * * *"
            conditions:
              - type: core.condition.Expression
                expression: "{{ dayOfMonth(trigger.date) == 1 }}"
    """

    replacement: ClassVar[str] = 'when: "{{ … }}"'

    expression: Annotated[str | bool, Field(description="The expression.")]

    def holds(self, case: Case) -> bool:
        """Whether it is truthy."""
        return is_truthy(case.value(self.expression))
