"""What every trigger has."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.model.frozen import Frozen, Json


class Trigger(Frozen):
    """Something that starts executions of its flow. Subclasses add their own properties."""

    type_name: ClassVar[str] = ""

    id: Annotated[str, Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_-]*$", max_length=256)]
    type: str
    description: str | None = None
    disabled: bool = False
    inputs: dict[str, Json] | None = None
    labels: dict[str, str] | None = None
