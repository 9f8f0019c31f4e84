"""The JSON Schema of flow files, for editors and for checks without this program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from pydantic import BaseModel

from penstock.language.catalog import Catalog
from penstock.language.defaults import REF
from penstock.language.dialect import FLOW_IGNORED, INPUT_IGNORED, NO_EFFECT
from penstock.language.shape import model_below, shape_of
from penstock.model.condition import Condition
from penstock.model.flow import Flow
from penstock.model.input import INPUTS
from penstock.model.task import Task
from penstock.model.trigger import Trigger

Schema = dict[str, Any]  # a JSON schema

_EXPRESSION: Schema = {"type": "string", "pattern": r"\{[{%]"}
_SCALAR = ["string", "number", "boolean"]
"""Where a text is expected, a number is the text that is written."""
_KINDS = {"task": Task, "trigger": Trigger, "condition": Condition}
_NAMES = tuple(base.__name__ for base in _KINDS.values())
_PARTS = ("tasks", "errors", "finally", "afterExecution")
_LABELS: Schema = {
    "anyOf": [
        {"type": "object", "additionalProperties": {"type": _SCALAR}},
        {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"key": {"type": "string"}, "value": {"type": _SCALAR}},
                "required": ["key", "value"],
            },
        },
        {"type": "null"},
    ]
}


class Named(Protocol):
    """A catalog that knows the historic names of its types."""

    def spellings(self, type_name: str, /) -> tuple[str, ...]:
        """Every name under which a type is accepted, the present one first."""
        ...


def flow_schema(catalog: Catalog, names: Named) -> Schema:
    """What a flow file may hold, with every installed type.

    Only names are required: plugin defaults may give everything else.
    """
    definitions: dict[str, Schema] = {}
    kinds: dict[str, dict[str, list[str]]] = {kind: {} for kind in _KINDS} | {"input": {}}
    for name in catalog.names():
        model = (
            catalog.load_task(name) or catalog.load_trigger(name) or catalog.load_condition(name)
        )
        if model is None:
            continue
        kind = next(each for each, base in _KINDS.items() if issubclass(model, base))
        kinds[kind][name] = [*names.spellings(name)]
        _define(definitions, f"{kind}.{name}", model)
    for name, model in INPUTS.items():
        kinds["input"][name] = [name]
        _define(definitions, f"input.{name}", model)
    for kind, known in kinds.items():
        definitions[kind] = _one_of(kind, known)
    _define(definitions, "flow", Flow)
    flow = definitions.pop("flow")
    properties: Schema = flow["properties"]
    properties.update({part: _list_of("task") for part in _PARTS})
    properties.update(triggers=_list_of("trigger"), inputs=_list_of("input"), labels=_LABELS)
    properties.update(dict.fromkeys((*FLOW_IGNORED, *NO_EFFECT), True))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Flow",
        **flow,
        "required": ["id", "namespace", "tasks"],
        "$defs": dict(sorted(definitions.items())),
    }


def _list_of(kind: str) -> Schema:
    return {"type": ["array", "null"], "items": {"$ref": f"#/$defs/{kind}"}}


def _one_of(kind: str, known: Mapping[str, list[str]]) -> Schema:
    """A mapping whose `type` says which of the definitions it follows."""
    spellings = [name for each in known.values() for name in each]
    required = ["id", "type"] if kind in ("task", "trigger") else ["type"]
    return {
        "type": "object",
        "required": required,
        "properties": {"type": {"enum": spellings}},
        "allOf": [
            {
                "if": {"properties": {"type": {"enum": each}}, "required": ["type"]},
                "then": {"$ref": f"#/$defs/{kind}.{name}"},
            }
            for name, each in known.items()
        ],
    }


def _define(definitions: dict[str, Schema], name: str, model: type[BaseModel]) -> None:
    """Adds a class's schema, and those of the classes that its properties hold."""
    own = model.model_json_schema(ref_template=f"#/$defs/{name}.{{model}}")
    parts = own.pop("$defs", {})
    classes = {each.__name__: each for each in _below(model)}
    for part, schema in parts.items():
        if part in _NAMES or schema.get("type") is None:
            continue
        definitions[f"{name}.{part}"] = _opened(schema, classes.get(part))
    for part in parts.keys() - {key.removeprefix(f"{name}.") for key in definitions}:
        definitions[f"{name}.{part}"] = _opened(parts[part], None)
    definitions[name] = _opened(own, model)
    for part in _NAMES:
        if f"{name}.{part}" in definitions:
            definitions[f"{name}.{part}"] = {"$ref": f"#/$defs/{part.lower()}"}


def _below(model: type[BaseModel]) -> Iterable[type[BaseModel]]:
    seen: dict[type[BaseModel], None] = {}
    pending = [model]
    while pending:
        for key in shape_of(pending.pop()).keys:
            for below in model_below(model, key):
                if below not in seen and not issubclass(below, Task | Trigger | Condition):
                    seen[below] = None
                    pending.append(below)
    return seen


def _opened(schema: Schema, model: type[BaseModel] | None) -> Schema:
    """A class's schema with everything that the language accepts beyond it."""
    opened = _loose(schema)
    properties = opened.get("properties")
    if properties is None:
        return opened
    opened.pop("required", None)
    if "labels" in properties:
        properties["labels"] = {"anyOf": [properties["labels"], _LABELS]}
    for key, known in shape_of(model).keys.items() if model is not None else ():
        if known.deprecated and known.current in properties:
            properties[key] = {"anyOf": [properties[known.current]], "deprecated": True}
    if model is not None and issubclass(model, Task | Trigger | Condition):
        properties.update(dict.fromkeys((*NO_EFFECT, REF), True))
    if model in INPUTS.values():
        properties.update(dict.fromkeys(INPUT_IGNORED, True))
    return opened


def _loose(schema: Any) -> Any:  # any part of a JSON schema
    if isinstance(schema, list):
        return [_loose(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {
        ("anyOf" if key == "oneOf" else key): _loose(value)
        for key, value in schema.items()
        if key not in ("discriminator", "default", "title", "x-secret")
    }
    if "properties" in schema and isinstance(schema["properties"], dict):
        found["properties"] = {
            key: {"anyOf": [_loose(each), {"type": "null"}]}
            for key, each in schema["properties"].items()
        }
    if "CANCELLED" in found.get("enum", ()):
        found["enum"] = [*found["enum"], "CANCELED"]
    if found.get("type") == "string" and not found.keys() & {"enum", "const"}:
        found["type"] = _SCALAR
    if found.pop("x-dynamic", False):
        described = {key: found.pop(key) for key in ("description",) if key in found}
        return {**described, "anyOf": [found, _EXPRESSION]}
    return found
