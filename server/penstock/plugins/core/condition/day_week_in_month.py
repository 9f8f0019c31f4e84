"""`core.condition.DayWeekInMonth`: holds on, say, the first Monday of a month."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.expression import is_truthy
from penstock.model.condition import Case, Condition


class DayWeekInMonth(Condition):
    """Holds on, say, the first Monday of a month.

    Example:
        id: day_week_in_month_condition
        namespace: company.team
        tasks:
          - {id: work, type: core.log.Log, message: "{{ trigger.date ?? 'by hand' }}"}
        triggers:
          - id: each_day
            type: core.trigger.Schedule
            cron: "0 9 * * *"
            conditions:
              - type: core.condition.DayWeekInMonth
                dayOfWeek: MONDAY
                dayInMonth: FIRST
    """

    replacement: ClassVar[str] = "when: \"{{ isDayWeekInMonth(trigger.date, 'MONDAY', 'FIRST') }}\""

    day_of_week: Annotated[str, Field(description="`MONDAY` to `SUNDAY`. Takes expressions.")]
    day_in_month: Annotated[
        str,
        Field(description="`FIRST`, `SECOND`, `THIRD`, `FOURTH` or `LAST`. Takes expressions."),
    ]
    date: Annotated[
        str, Field(description="The moment that is tested; that of the trigger when left out.")
    ] = "{{ trigger.date }}"

    def holds(self, case: Case) -> bool:
        """Whether the date is that day of its month."""
        given = {
            "date": case.value(self.date),
            "day": case.text(self.day_of_week),
            "place": case.text(self.day_in_month),
        }
        return is_truthy(case.render("{{ isDayWeekInMonth(date, day, place) }}", given))
