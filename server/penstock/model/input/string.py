"""STRING."""

from __future__ import annotations

from typing import ClassVar, Literal

from penstock.model.frozen import Json
from penstock.model.input.base import BaseInput, text_of
from penstock.model.input.pattern import Pattern, fitting


class StringInput(BaseInput):
    """A text, also an empty one.

    Example:
        - id: table
          type: STRING
          validator: "[a-z_]+"
          defaults: orders
    """

    keeps_text: ClassVar[bool] = True
    empty_is_value: ClassVar[bool] = True

    type: Literal["STRING"]
    validator: Pattern = None
    """A regular expression that must match all of it."""

    def cast(self, value: Json) -> Json:
        """The text; numbers and booleans become text."""
        return fitting(text_of(value), self.validator)

    def takes(self) -> str:
        """See `BaseInput.takes`."""
        return "a text"
