"""DATETIME."""

from __future__ import annotations

from typing import ClassVar, Literal

from penstock.model.frozen import Json
from penstock.model.input.base import BaseInput, text_of
from penstock.model.input.moment import InstantBound, instant, within


class DatetimeInput(BaseInput):
    """A point in time with an offset, kept in UTC as ISO 8601 with `Z`.

    Example:
        - id: since
          type: DATETIME
          after: "2026-01-01T00:00:00Z"
    """

    keeps_text: ClassVar[bool] = True

    type: Literal["DATETIME"]
    after: InstantBound = None
    """The earliest that it takes."""
    before: InstantBound = None
    """The latest that it takes."""

    def cast(self, value: Json) -> Json:
        """The text in ISO 8601."""
        found = within(instant(text_of(value)), self.after, self.before, instant)
        return found.isoformat().replace("+00:00", "Z")

    def takes(self) -> str:
        """See `BaseInput.takes`."""
        return "a date with a time and an offset, such as `2026-01-31T08:00:00Z`"
