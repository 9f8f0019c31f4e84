"""`core.condition.Not`: holds when none of its conditions does."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.model.condition import Case, Condition


class Not(Condition):
    """Holds when none of its conditions does.

    Example:
        id: not_condition
        namespace: company.team
        tasks:
          - {id: work, type: core.log.Log, message: "{{ trigger.date ?? 'by hand' }}"}
        triggers:
          - id: each_day
            type: core.trigger.Schedule
            cron: "0 9 * * *"
            conditions:
              - type: core.condition.Not
                conditions:
                  - type: core.condition.Weekend
    """

    replacement: ClassVar[str] = 'when: "{{ not … }}"'

    conditions: Annotated[
        tuple[Condition, ...], Field(min_length=1, description="Those that must not hold.")
    ]

    def holds(self, case: Case) -> bool:
        """Whether none holds."""
        return not any(each.holds(case) for each in self.conditions)
