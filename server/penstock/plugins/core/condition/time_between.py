"""`core.condition.TimeBetween`: holds between two times of the day."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from penstock.model.condition import Case, Condition
from penstock.plugins.core.condition._moment import clock, moment


class TimeBetween(Condition):
    """Holds between two times of the day. When `after` is later than `before`, that
    is the time over midnight.

    Example:
        id: time_between_condition
        namespace: company.team
        tasks:
          - {id: work, type: core.log.Log, message: "{{ trigger.date ?? 'by hand' }}"}
        triggers:
          - id: each_day
            type: core.trigger.Schedule
            cron: "0 9 * * *"
            conditions:
              - type: core.condition.TimeBetween
                after: "08:00:00+01:00"
                before: "17:00:00+01:00"
    """

    replacement: ClassVar[str] = (
        'when: "{{ hourOfDay(trigger.date) >= 8 and hourOfDay(trigger.date) < 17 }}"'
    )

    after: Annotated[
        str | None,
        Field(description="A time with its offset, such as `16:00:00Z`. Takes expressions."),
    ] = None
    before: Annotated[
        str | None,
        Field(description="A time with its offset, such as `16:00:00Z`. Takes expressions."),
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
        """Whether the date's time of day is between the two; a missing one is no limit."""
        date = moment(case.text(self.date))
        after = None if self.after is None else clock(case.text(self.after))
        before = None if self.before is None else clock(case.text(self.before))
        is_after = after is None or date.astimezone(after.tzinfo).timetz() > after
        is_before = before is None or date.astimezone(before.tzinfo).timetz() < before
        if after is not None and before is not None and after > before:
            return is_after or is_before
        return is_after and is_before
