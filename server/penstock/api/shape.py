"""The small words of which the API's JSON Schemas are put together."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]  # a JSON Schema document

TEXT: Schema = {"type": "string"}
MAYBE_TEXT: Schema = {"type": ["string", "null"]}
TIME: Schema = {"type": "string", "format": "date-time"}
MAYBE_TIME: Schema = {"type": ["string", "null"], "format": "date-time"}
NUMBER: Schema = {"type": "integer"}
MAYBE_NUMBER: Schema = {"type": ["integer", "null"]}
FLAG: Schema = {"type": "boolean"}
MAYBE_FLAG: Schema = {"type": ["boolean", "null"]}
ANYTHING: Schema = {}
MAP: Schema = {"type": "object", "additionalProperties": True}
MAYBE_MAP: Schema = {"type": ["object", "null"], "additionalProperties": True}
TEXTS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}


def ref(name: str) -> Schema:
    """A component by name."""
    return {"$ref": f"#/components/schemas/{name}"}


def list_of(item: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": item}


def maybe(schema: Schema) -> Schema:
    """It, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def thing(**properties: Schema) -> Schema:
    """An object that has exactly these properties, always all of them."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def page_of(item: Schema) -> Schema:
    """A page of a list."""
    return thing(items=list_of(item), nextCursor=MAYBE_TEXT)


def items_of(item: Schema) -> Schema:
    """A whole list."""
    return thing(items=list_of(item))


def inlined(model: type[BaseModel]) -> Schema:
    """The schema of a model, without references to definitions of its own."""
    schema = model.model_json_schema(by_alias=True)
    parts = schema.pop("$defs", {})

    def resolved(value: Any) -> Any:  # a piece of a JSON Schema
        if isinstance(value, dict):
            if "$ref" in value:
                return resolved(parts[value["$ref"].rpartition("/")[2]])
            return {key: resolved(each) for key, each in value.items()}
        return [resolved(each) for each in value] if isinstance(value, list) else value

    return resolved(schema)
