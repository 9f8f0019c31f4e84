"""Values of which one, or some, are chosen."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AliasChoices, Field, model_validator

from penstock.model.frozen import Frozen, Json
from penstock.model.input.base import BaseInput, Unfit, text_of


class SelectOption(Frozen):
    """A choice with a label for people."""

    label: str
    value: str


class ChoiceInput(BaseInput):
    """What the inputs with choices share."""

    values: Annotated[
        tuple[str | SelectOption, ...],
        Field(validation_alias=AliasChoices("values", "options")),
    ] = ()
    """The choices: texts, or maps of `label` and `value`."""
    expression: str | None = None
    """Gives the list of choices when the execution starts, in place of `values`."""
    allow_custom_value: bool = False
    """Whether it takes other texts too."""
    auto_select_first: bool = False
    """Whether the first choice is taken where none is given."""

    @model_validator(mode="after")
    def _has_choices(self) -> Self:
        if not self.values and self.expression is None:
            raise ValueError("`values` must not be empty, unless an `expression` gives them.")
        return self

    def choices(self) -> tuple[str, ...]:
        """The values, without their labels."""
        return tuple(v.value if isinstance(v, SelectOption) else v for v in self.values)

    def with_choices(self, rendered: Json) -> Self:
        """The same input with the choices that its expression gave. Raises `Unfit`."""
        if not isinstance(rendered, list):
            raise Unfit("Invalid expression result. Expected a list of values")
        values = tuple(_option(each) for each in rendered)
        return self.model_copy(update={"values": values, "expression": None})

    def listed(self) -> str:
        """The choices, as hints name them."""
        return ", ".join(f"`{choice}`" for choice in self.choices())


def _option(value: Json) -> str:
    if isinstance(value, dict) and "value" in value:
        value = value["value"]
    try:
        return text_of(value)
    except Unfit:
        raise Unfit("Invalid expression result. Expected a list of values") from None
