"""What every input has, whatever it takes."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import AliasChoices, Field, model_validator

from penstock.model.found import found
from penstock.model.frozen import Frozen, Json


class Unfit(Exception):
    """A value that does not fit an input; the text is the cause, without the value if secret."""


class DependsOn(Frozen):
    """When an input is there: every input that is named has a value, and the condition holds."""

    inputs: tuple[str, ...] = ()
    condition: str | bool | None = None


class BaseInput(Frozen):
    """A declared input. Subclasses say what they take, and what becomes of it."""

    keeps_text: ClassVar[bool] = False
    """Whether the value is kept as text, so that a default `1.10` is no number."""
    empty_is_value: ClassVar[bool] = False
    """Whether an empty text is a value; of the other types it counts as not given."""
    is_secret: ClassVar[bool] = False
    """Whether the value is shown to nobody and stored encrypted."""

    id: Annotated[
        str,
        Field(pattern=r"^[a-zA-Z0-9][.a-zA-Z0-9_-]*$", validation_alias=AliasChoices("id", "name")),
    ]
    description: str | None = None
    display_name: str | None = None
    required: bool = True
    defaults: Json = None
    prefill: Json = None
    depends_on: DependsOn | None = None

    @model_validator(mode="after")
    def _one_suggestion(self) -> Self:
        if self.defaults is not None and self.prefill is not None:
            raise ValueError("Inputs with a default value cannot also have a prefill.")
        return self

    @classmethod
    def of_output(cls, name: str) -> Self:
        """An input without rules of its own, to cast a flow output of this type."""
        return cls.model_construct(id=name)

    def cast(self, value: Json) -> Json:
        """The value as expressions see it. Raises `Unfit` with the cause."""
        raise NotImplementedError

    def takes(self) -> str:
        """What it takes, as the end of the sentence `It takes …`."""
        raise NotImplementedError

    def own_default(self) -> Json:
        """The value where neither the caller nor `defaults` gives one."""
        return None


def text_of(value: Json) -> str:
    """A scalar as text. Raises `Unfit`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise Unfit(f"expected a text, found {found(value)}")
