"""A flow's declared inputs: STRING, INT, FLOAT, BOOL, JSON, SELECT."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, field_validator

from penstock.model.frozen import Frozen, Json


class _Input(Frozen):
    id: Annotated[
        str,
        Field(pattern=r"^[a-zA-Z0-9][.a-zA-Z0-9_-]*$", validation_alias=AliasChoices("id", "name")),
    ]
    description: str | None = None
    display_name: str | None = None
    required: bool = True
    defaults: Json = None
    prefill: Json = None


class StringInput(_Input):
    """Text; `validator` is a regular expression that must match all of it."""

    type: Literal["STRING"]
    validator: str | None = None

    @field_validator("validator")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"invalid pattern [{value}]: {error}") from None
        return value


class IntInput(_Input):
    """A 32-bit integer between `min` and `max`, both included."""

    type: Literal["INT"]
    min: int | None = None
    max: int | None = None


class FloatInput(_Input):
    """A number between `min` and `max`, both included."""

    type: Literal["FLOAT"]
    min: float | None = None
    max: float | None = None


class BoolInput(_Input):
    """true or false; of a text anything but "true" in any case is false."""

    type: Literal["BOOL", "BOOLEAN"]


class JsonInput(_Input):
    """Any JSON value, or text that parses to one."""

    type: Literal["JSON"]


class SelectOption(Frozen):
    """A choice with a label for people."""

    label: str
    value: str


class SelectInput(_Input):
    """One of `values`."""

    type: Literal["SELECT", "ENUM"]
    values: Annotated[tuple[str | SelectOption, ...], Field(min_length=1)]
    allow_custom_value: bool = False

    def choices(self) -> tuple[str, ...]:
        """The values, without their labels."""
        return tuple(v.value if isinstance(v, SelectOption) else v for v in self.values)


Input = Annotated[
    StringInput | IntInput | FloatInput | BoolInput | JsonInput | SelectInput,
    Field(discriminator="type"),
]
"""A declared input; `type` says which."""
