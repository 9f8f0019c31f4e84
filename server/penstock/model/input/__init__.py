"""A flow's declared inputs: one class a type, each in its own file."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from penstock.model.input.base import BaseInput, DependsOn, Unfit
from penstock.model.input.choice import ChoiceInput, SelectOption
from penstock.model.input.form import FormInput, SingleInput

__all__ = [
    "INPUTS",
    "OLD_NAMES",
    "OUTPUTS",
    "BaseInput",
    "ChoiceInput",
    "DependsOn",
    "FormInput",
    "Input",
    "SelectOption",
    "SingleInput",
    "Unfit",
]

Input = Annotated[SingleInput | FormInput, Field(discriminator="type")]
"""A declared input; `type` says which."""


def _by_name() -> dict[str, type[BaseInput]]:
    classes = (*get_args(get_args(SingleInput)[0]), FormInput)
    return {name: cls for cls in classes for name in get_args(_type_of(cls))}


def _type_of(cls: type[BaseInput]) -> object:
    return cls.model_fields["type"].annotation


INPUTS = _by_name()
"""The class of each type, by each name that it has."""
OLD_NAMES = {
    names[position]: names[0]
    for names in (get_args(_type_of(cls)) for cls in INPUTS.values())
    for position in range(1, len(names))
}
"""Old names of types, and the present ones."""
OUTPUTS = {name: cls for name, cls in INPUTS.items() if cls is not FormInput}
"""What a flow output may be."""
