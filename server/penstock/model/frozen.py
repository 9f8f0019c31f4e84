"""The base of every declared thing: immutable, strict about unknown keys, camelCase outside."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, JsonValue
from pydantic.alias_generators import to_camel

Json = JsonValue
"""A value that JSON can carry."""


class Frozen(BaseModel):
    """A value that never changes; unknown keys are errors, YAML and JSON keys are camelCase."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        arbitrary_types_allowed=True,
    )
