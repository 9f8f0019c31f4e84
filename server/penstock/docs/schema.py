"""Words for the types and defaults of properties, from their JSON schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from penstock.docs.markdown import code, table, visible

Schema = Mapping[str, Any]  # a JSON schema
_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
}
_TASK, _ANY = "Task", "JsonValue"
_INPUT = "Input"
_DURATION = "duration"


def rows(schema: Schema, *, without: frozenset[str] = frozenset()) -> list[tuple[str, ...]]:
    """Name, type, default, description of each property, required ones first, old ones last.

    `without` are left out.
    """
    wanted = set(schema.get("required", ()))
    shown = {
        name: each for name, each in schema.get("properties", {}).items() if name not in without
    }
    order = sorted(shown, key=lambda name: (name not in wanted, "deprecated" in shown[name]))
    return [
        (
            code(name),
            words(shown[name]),
            "**required**" if name in wanted else _default(shown[name]),
            description(shown[name], schema.get("$defs", {})),
        )
        for name in order
    ]


def properties(schema: Schema, *, without: frozenset[str] = frozenset()) -> str:
    """The table of a class's properties."""
    return table(("Property", "Type", "Default", "What it is"), rows(schema, without=without))


def description(each: Schema, definitions: Schema) -> str:
    """What a property is; says when it takes expressions and when it is an old spelling."""
    text = each.get("description", "")
    if not text and "$ref" in each:
        # Pydantic leaves a text out that is the class's own.
        text = definitions[each["$ref"].rpartition("/")[2]].get("description", "")
    if not text and "const" in each:
        text = "Says which of them it is."
    marks = []
    if each.get("x-dynamic"):
        marks.append("Takes expressions.")
    if each.get("deprecated"):
        marks.append("Deprecated.")
    return visible(" ".join([text, *marks]).strip())


def words(each: Schema) -> str:
    """A type for people, such as `list of text`."""
    if "$ref" in each:
        name = each["$ref"].rpartition("/")[2]
        if name == _TASK:
            return "task"
        if name.endswith(_INPUT):
            return "input, as in a flow's `inputs`"
        return "any" if name == _ANY else f"[{name}](#{name.lower()})"
    for choice in ("anyOf", "oneOf"):
        if choice in each:
            found = [words(one) for one in each[choice] if one.get("type") != "null"]
            return " or ".join(dict.fromkeys(found))
    if "const" in each:
        return code(str(each["const"]))
    if "enum" in each:
        return ", ".join(code(str(value)) for value in each["enum"])
    kind = each.get("type")
    if kind == "array":
        return f"list of {words(each.get('items', {}))}"
    if kind == "object":
        return f"map of {words(each.get('additionalProperties', {}))}"
    if each.get("format") == _DURATION:
        return _DURATION
    return _WORDS.get(str(kind), "any") + _bounds(each)


def parts(schema: Schema, *, without: frozenset[str] = frozenset()) -> Iterator[tuple[str, Schema]]:
    """Name and schema of each class that the properties refer to, in the order of first use."""
    definitions = schema.get("$defs", {})
    seen: dict[str, Schema] = {}
    pending = [each for name, each in schema.get("properties", {}).items() if name not in without]
    while pending:
        for name in _references(pending.pop(0)):
            if name in seen or name in (_TASK, _ANY) or name.endswith(_INPUT):
                continue
            seen[name] = definitions[name]
            pending.extend(seen[name].get("properties", {}).values())
    yield from seen.items()


def _references(each: object) -> Iterator[str]:
    if isinstance(each, Mapping):
        if "$ref" in each:
            yield each["$ref"].rpartition("/")[2]
        for name, value in each.items():
            if name not in ("mapping", "default"):
                yield from _references(value)
    elif isinstance(each, list):
        for value in each:
            yield from _references(value)


def _bounds(each: Schema) -> str:
    least, most = each.get("minimum"), each.get("maximum")
    if least is not None and most is not None:
        return f" from {least} to {most}"
    if least is not None:
        return f" from {least}"
    return f" up to {most}" if most is not None else ""


def _default(each: Schema) -> str:
    value = each.get("default")
    if value is None or value == [] or isinstance(value, dict):
        return ""
    return code(json.dumps(value, ensure_ascii=False))
