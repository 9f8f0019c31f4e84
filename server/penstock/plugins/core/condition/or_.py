"""`core.condition.Or`: holds when any of its conditions does."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.model.condition import Case, Condition


class Or(Condition):
    """Holds when any of its conditions does.

    Example:
        id: or_condition
        namespace: company.team
        tasks:
          - {id: work, type: core.log.Log, message: "{{ trigger.date ?? 'by hand' }}"}
        triggers:
          - id: each_day
            type: core.trigger.Schedule
            cron: "0 9 * * *"
            conditions:
              - type: core.condition.Or
                conditions:
                  - {type: core.condition.DayWeek, dayOfWeek: MONDAY}
                  - {type: core.condition.DayWeek, dayOfWeek: THURSDAY}
    """

    replacement: ClassVar[str] = 'when: "{{ … or … }}"'

    conditions: Annotated[
        tuple[Condition, ...], Field(min_length=1, description="Those of which one must hold.")
    ]

    def holds(self, case: Case) -> bool:
        """Whether any holds."""
        return any(each.holds(case) for each in self.conditions)
