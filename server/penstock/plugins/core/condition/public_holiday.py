"""`core.condition.PublicHoliday`: holds on the public holidays of a country, or of a part of it."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.expression import is_truthy
from penstock.model.condition import Case, Condition


class PublicHoliday(Condition):
    """Holds on the public holidays of a country, or of a part of it.

    Example:
        id: public_holiday_condition
        namespace: company.team
        tasks:
          - {id: work, type: core.log.Log, message: "{{ trigger.date ?? 'by hand' }}"}
        triggers:
          - id: each_day
            type: core.trigger.Schedule
            cron: "0 9 * * *"
            conditions:
              - type: core.condition.PublicHoliday
                country: FR
    """

    replacement: ClassVar[str] = "when: \"{{ isPublicHoliday(trigger.date, 'FR') }}\""

    country: Annotated[
        str,
        Field(description="Two letters of ISO 3166, such as `FR`. Takes expressions."),
    ] = "US"
    sub_division: Annotated[
        str | None,
        Field(description="The part of the country, such as `BY` of `DE`. Takes expressions."),
    ] = None
    date: Annotated[
        str, Field(description="The moment that is tested; that of the trigger when left out.")
    ] = "{{ trigger.date }}"

    def holds(self, case: Case) -> bool:
        """Whether the date is a public holiday."""
        given = {
            "date": case.value(self.date),
            "country": case.text(self.country),
            "part": case.text(self.sub_division) or None,
        }
        return is_truthy(case.render("{{ isPublicHoliday(date, country, part) }}", given))
