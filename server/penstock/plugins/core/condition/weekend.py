"""`core.condition.Weekend`: holds on Saturdays and Sundays."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.expression import is_truthy
from penstock.model.condition import Case, Condition


class Weekend(Condition):
    """Holds on Saturdays and Sundays.

    Example:
        id: weekend_condition
        namespace: company.team
        tasks:
          - {id: work, type: core.log.Log, message: "{{ trigger.date ?? 'by hand' }}"}
        triggers:
          - id: each_day
            type: core.trigger.Schedule
            cron: "0 9 * * *"
            conditions:
              - type: core.condition.Weekend
    """

    replacement: ClassVar[str] = 'when: "{{ isWeekend(trigger.date) }}"'

    date: Annotated[
        str, Field(description="The moment that is tested; that of the trigger when left out.")
    ] = "{{ trigger.date }}"

    def holds(self, case: Case) -> bool:
        """Whether the date is on a weekend."""
        return is_truthy(case.render("{{ isWeekend(date) }}", {"date": case.value(self.date)}))
