"""`core.condition.DayWeek`: holds on one day of the week."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.expression import is_truthy
from penstock.model.condition import Case, Condition


class DayWeek(Condition):
    """Holds on one day of the week.

    Example:
        id: day_week_condition
        namespace: company.team
        tasks:
          - {id: work, type: core.log.Log, message: "{{ trigger.date ?? 'by hand' }}"}
        triggers:
          - id: each_day
            type: core.trigger.Schedule
            cron: "0 9 * * *"
            conditions:
              - type: core.condition.DayWeek
                dayOfWeek: MONDAY
    """

    replacement: ClassVar[str] = "when: \"{{ dayOfWeek(trigger.date) == 'MONDAY' }}\""

    day_of_week: Annotated[str, Field(description="`MONDAY` to `SUNDAY`. Takes expressions.")]
    date: Annotated[
        str, Field(description="The moment that is tested; that of the trigger when left out.")
    ] = "{{ trigger.date }}"

    def holds(self, case: Case) -> bool:
        """Whether the date is such a day."""
        given = {"date": case.value(self.date), "day": case.text(self.day_of_week)}
        return is_truthy(case.render("{{ dayOfWeek(date) == (day | upper) }}", given))
