"""Values that every object of a type gets, wherever it stands in a flow."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from penstock.model.frozen import Frozen, Json


class PluginDefault(Frozen):
    """Properties for all tasks, triggers and nested objects of a type, or of a package of types."""

    type: Annotated[
        str,
        Field(
            min_length=1, description="The type, or the beginning of the names of several of them."
        ),
    ]
    values: Annotated[
        dict[str, Json], Field(min_length=1, description="What they get where they say nothing.")
    ]
    forced: Annotated[bool, Field(description="Wins over what they say themselves.")] = False
    ref: Annotated[
        str | None,
        Field(description="Only for those that name it as their `pluginDefaultsRef`."),
    ] = None

    @field_validator("values")
    @classmethod
    def _has_values(cls, values: dict[str, Json]) -> dict[str, Json]:
        for key, value in values.items():
            if value is None:
                raise ValueError(f"no value is provided for the key `{key}`: give it one")
        return values
