"""MULTISELECT."""

from __future__ import annotations

from typing import Literal

from penstock.model.frozen import Json
from penstock.model.input.array import ItemType, listed, member
from penstock.model.input.base import Unfit, text_of
from penstock.model.input.choice import ChoiceInput


class MultiselectInput(ChoiceInput):
    """Some of the choices, as a list; also a text that is a JSON list.

    Example:
        - id: regions
          type: MULTISELECT
          values: [eu, us, asia]
          defaults: [eu]
    """

    type: Literal["MULTISELECT"]
    item_type: ItemType = "STRING"
    """The type of each value of the list."""

    def cast(self, value: Json) -> Json:
        """The list of what was chosen."""
        choices = self.choices()
        made: list[Json] = []
        for each in listed(value):
            text = text_of(each)
            if choices and text not in choices and not self.allow_custom_value:
                raise Unfit(f"value `{text}` doesn't match the values `[{', '.join(choices)}]`")
            made.append(member(text, self.item_type))
        return made

    def own_default(self) -> Json:
        """A list of the first choice, when it says so."""
        return [self.choices()[0]] if self.auto_select_first and self.values else None

    def takes(self) -> str:
        """See `BaseInput.takes`."""
        return f"a list of some of {self.listed()}" if self.values else "a list of texts"
