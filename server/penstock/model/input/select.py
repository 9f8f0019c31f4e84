"""SELECT."""

from __future__ import annotations

from typing import ClassVar, Literal

from penstock.model.frozen import Json
from penstock.model.input.base import Unfit, text_of
from penstock.model.input.choice import ChoiceInput


class SelectInput(ChoiceInput):
    """One of the choices.

    Example:
        - id: mode
          type: SELECT
          values: [full, incremental]
          autoSelectFirst: true
    """

    keeps_text: ClassVar[bool] = True

    type: Literal["SELECT", "ENUM"]
    is_radio: bool = False
    """Whether forms show all choices at once."""

    def cast(self, value: Json) -> Json:
        """The chosen text."""
        text, choices = text_of(value), self.choices()
        if choices and text not in choices and not self.allow_custom_value:
            raise Unfit(f"it must match the values `[{', '.join(choices)}]`")
        return text

    def own_default(self) -> Json:
        """The first choice, when it says so."""
        return self.choices()[0] if self.auto_select_first and self.values else None

    def takes(self) -> str:
        """See `BaseInput.takes`."""
        return f"one of {self.listed()}" if self.values else "a text"
