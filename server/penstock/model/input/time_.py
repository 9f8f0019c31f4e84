"""TIME."""

from __future__ import annotations

from typing import ClassVar, Literal

from penstock.model.frozen import Json
from penstock.model.input.base import BaseInput, text_of
from penstock.model.input.moment import ClockBound, clock, within


class TimeInput(BaseInput):
    """A time of day without a zone, kept as `hh:mm:ss`.

    Example:
        - id: at
          type: TIME
          after: "06:00:00"
    """

    keeps_text: ClassVar[bool] = True

    type: Literal["TIME"]
    after: ClockBound = None
    """The earliest that it takes."""
    before: ClockBound = None
    """The latest that it takes."""

    def cast(self, value: Json) -> Json:
        """The text in ISO 8601."""
        found = within(clock(text_of(value)), self.after, self.before, clock)
        return found.isoformat()

    def takes(self) -> str:
        """See `BaseInput.takes`."""
        return "a time such as `08:30:00`"
