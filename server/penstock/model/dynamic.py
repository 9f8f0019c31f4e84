"""Properties that may hold an expression until the task runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, JsonValue
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

T = TypeVar("T")

AS_WRITTEN: Mapping[str, object] = MappingProxyType({"written": True})
"""Context of a validation of a flow's text: who wants text where a number stands gets `1.10` as it
is written, not as it would be printed, so no validator may turn numbers into texts."""
RENDERED: Mapping[str, object] = MappingProxyType({"rendered": True})
"""Context of a validation whose texts are final: braces in them are no expressions any more."""

SECRET: dict[str, JsonValue] = {"x-secret": True}
"""``Field(json_schema_extra=SECRET)``: the property holds a credential, so a literal text in it is
worth a warning."""


@dataclass(frozen=True, slots=True)
class Unrendered:
    """A property's value as written, with expressions still in it."""

    value: object


def contains_expression(value: object) -> bool:
    """Whether any text in a YAML value holds an expression or a tag."""
    if isinstance(value, str):
        return "{{" in value or "{%" in value
    if isinstance(value, dict):
        return any(contains_expression(k) or contains_expression(v) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return any(contains_expression(item) for item in value)
    return False


class _DynamicMarker:
    """Lets a property hold `Unrendered` where its text has expressions; checks it otherwise."""

    def __get_pydantic_core_schema__(
        self,
        source: Any,
        handler: GetCoreSchemaHandler,
    ) -> CoreSchema:
        inner = handler(source)

        def keep_expression(
            value: object,
            check: core_schema.ValidatorFunctionWrapHandler,
            info: core_schema.ValidationInfo,
        ) -> object:
            if info.context is RENDERED:
                return check(value)
            if isinstance(value, Unrendered):
                return value
            return Unrendered(value) if contains_expression(value) else check(value)

        return core_schema.with_info_wrap_validator_function(keep_expression, inner)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), "x-dynamic": True}


if TYPE_CHECKING:
    Dynamic = Annotated[T, "dynamic"]
else:
    Dynamic = Annotated[T, _DynamicMarker()]
"""``Dynamic[int]``: an int, or text with expressions that renders to one.

`run()` only ever sees rendered tasks, so inside it the property has its real type.
"""
