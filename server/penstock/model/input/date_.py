"""DATE."""

from __future__ import annotations

from typing import ClassVar, Literal

from penstock.model.frozen import Json
from penstock.model.input.base import BaseInput, text_of
from penstock.model.input.moment import DayBound, day, within


class DateInput(BaseInput):
    """A day of the calendar, kept as `yyyy-mm-dd`.

    Example:
        - id: day
          type: DATE
          after: "2026-01-01"
          before: "2026-12-31"
    """

    keeps_text: ClassVar[bool] = True

    type: Literal["DATE"]
    after: DayBound = None
    """The earliest that it takes."""
    before: DayBound = None
    """The latest that it takes."""

    def cast(self, value: Json) -> Json:
        """The text in ISO 8601."""
        found = within(day(text_of(value)), self.after, self.before, day)
        return found.isoformat()

    def takes(self) -> str:
        """See `BaseInput.takes`."""
        return "a date such as `2026-01-31`"
