"""`core.condition.DateTimeBetween`: holds after one moment and before another."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from penstock.model.condition import Case, Condition
from penstock.plugins.core.condition._moment import moment


class DateTimeBetween(Condition):
    """Holds after one moment and before another.

    Example:
        id: date_time_between_condition
        namespace: company.team
        tasks:
          - {id: work, type: core.log.Log, message: "{{ trigger.date ?? 'by hand' }}"}
        triggers:
          - id: each_day
            type: core.trigger.Schedule
            cron: "0 9 * * *"
            conditions:
              - type: core.condition.DateTimeBetween
                after: "2026-01-01T00:00:00Z"
    """

    replacement: ClassVar[str] = (
        "when: \"{{ trigger.date | timestamp > ('2026-01-01T00:00:00Z' | timestamp) }}\""
    )

    after: Annotated[
        str | None, Field(description="Such as `2026-01-31T08:00:00Z`. Takes expressions.")
    ] = None
    before: Annotated[
        str | None, Field(description="Such as `2026-01-31T08:00:00Z`. Takes expressions.")
    ] = None
    date: Annotated[
        str, Field(description="The moment that is tested; that of the trigger when left out.")
    ] = "{{ trigger.date }}"

    @model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if self.after is None and self.before is None:
            raise ValueError("it needs `after`, `before` or both")
        return self

    def holds(self, case: Case) -> bool:
        """Whether the date is between the two; a missing one is no limit."""
        date = moment(case.text(self.date))
        if self.after is not None and date <= moment(case.text(self.after)):
            return False
        return self.before is None or date < moment(case.text(self.before))
