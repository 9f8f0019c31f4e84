"""A flow's declared outputs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from penstock.model.frozen import Frozen, Json


class FlowOutput(Frozen):
    """A value that a finished execution hands to its caller, cast to `type`, if it has one."""

    id: Annotated[
        str, Field(pattern=r"^[a-zA-Z0-9][.a-zA-Z0-9_-]*$", description="What it is read by.")
    ]
    type: Annotated[
        str | None, Field(description="A type of inputs, such as INT; without it, any value.")
    ] = None
    value: Annotated[Json, Field(description="An expression, or a value that holds some.")] = None
    description: Annotated[str | None, Field(description="Text for people.")] = None
    display_name: Annotated[str | None, Field(description="Name for people.")] = None
    required: Annotated[bool, Field(description="Whether null is a failure.")] = True
