"""FORM."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from penstock.model.frozen import Json
from penstock.model.input.array import ArrayInput
from penstock.model.input.base import BaseInput
from penstock.model.input.bool_ import BoolInput
from penstock.model.input.date_ import DateInput
from penstock.model.input.datetime_ import DatetimeInput
from penstock.model.input.duration import DurationInput
from penstock.model.input.email import EmailInput
from penstock.model.input.file import FileInput
from penstock.model.input.float_ import FloatInput
from penstock.model.input.int_ import IntInput
from penstock.model.input.json_ import JsonInput
from penstock.model.input.multiselect import MultiselectInput
from penstock.model.input.secret import SecretInput
from penstock.model.input.select import SelectInput
from penstock.model.input.string import StringInput
from penstock.model.input.time_ import TimeInput
from penstock.model.input.uri import UriInput
from penstock.model.input.yaml_ import YamlInput

SingleInput = Annotated[
    StringInput
    | IntInput
    | FloatInput
    | BoolInput
    | DatetimeInput
    | DateInput
    | TimeInput
    | DurationInput
    | FileInput
    | JsonInput
    | YamlInput
    | UriInput
    | SecretInput
    | EmailInput
    | SelectInput
    | MultiselectInput
    | ArrayInput,
    Field(discriminator="type"),
]
"""An input that has a value of its own."""


class FormInput(BaseInput):
    """Inputs that belong together; each is named after the form: `contact.name`.

    `dependsOn` of the form holds for all its inputs. Within the form `dependsOn` may name the
    others without the form's name.

    Example:
        - id: contact
          type: FORM
          inputs:
            - id: name
              type: STRING
            - id: mail
              type: EMAIL
              required: false
    """

    type: Literal["FORM"]
    inputs: Annotated[tuple[SingleInput, ...], Field(min_length=1)]
    """The inputs of the form."""

    @model_validator(mode="after")
    def _only_groups(self) -> Self:
        if self.defaults is not None or self.prefill is not None:
            raise ValueError(
                "A FORM input groups other inputs and cannot declare a default value or a prefill."
            )
        return self

    def cast(self, value: Json) -> Json:
        """A form has no value of its own."""
        return value

    def takes(self) -> str:
        """See `BaseInput.takes`."""
        return f"a map of {', '.join(f'`{each.id}`' for each in self.inputs)}"
