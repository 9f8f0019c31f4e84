"""A flow's declared outputs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from penstock.model.frozen import Frozen, Json


class FlowOutput(Frozen):
    """A value that a finished execution hands to its caller, cast to `type`, if it has one."""

    id: Annotated[str, Field(pattern=r"^[a-zA-Z0-9][.a-zA-Z0-9_-]*$")]
    type: str | None = None
    value: Json = None
    description: str | None = None
    display_name: str | None = None
    required: bool = True
