"""Terraform values and types as plain Python, and their encodings on the wire.

A value is ``None``, ``bool``, a number, ``str``, ``list`` (list, set, tuple), ``dict`` (map,
object), an ``Unknown``, or, where a schema says "dynamic", a ``Dynamic`` that keeps the exact type.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import msgpack

type_json = str | list["type_json"] | dict[str, "type_json"]


@dataclass(frozen=True, slots=True)
class Type:
    """A Terraform type: ``kind`` is its keyword; elements or fields as the kind has them."""

    kind: str
    element: Type | None = None
    fields: Mapping[str, Type] | None = None
    items: tuple[Type, ...] = ()

    @property
    def plain(self) -> bool:
        """True when msgpack alone decodes values of it: no numbers and nothing dynamic inside."""
        if self.kind in {"dynamic", "number"}:
            return False
        inner = [self.element] if self.element else [*(self.fields or {}).values(), *self.items]
        return all(part.plain for part in inner)

    def to_json(self) -> type_json:
        """The form in which schemas and dynamic values carry it."""
        if self.element is not None:
            return [self.kind, self.element.to_json()]
        if self.fields is not None:
            return [self.kind, {name: field.to_json() for name, field in self.fields.items()}]
        if self.kind == "tuple":
            return [self.kind, [item.to_json() for item in self.items]]
        return self.kind


STRING = Type("string")
NUMBER = Type("number")
BOOL = Type("bool")
DYNAMIC = Type("dynamic")


def map_of(element: Type) -> Type:
    """``map(element)``."""
    return Type("map", element=element)


def list_of(element: Type) -> Type:
    """``list(element)``."""
    return Type("list", element=element)


def set_of(element: Type) -> Type:
    """``set(element)``."""
    return Type("set", element=element)


def object_of(fields: Mapping[str, Type]) -> Type:
    """``object({...})``."""
    return Type("object", fields=fields)


def type_from_json(data: type_json) -> Type:
    """Reads the JSON form of a type; ``ValueError`` when it is none."""
    if isinstance(data, str):
        return Type(data)
    if isinstance(data, list) and len(data) >= 2 and isinstance(kind := data[0], str):  # noqa: PLR2004 (keyword and argument)
        inner = data[1]
        if kind == "object" and isinstance(inner, dict):
            return object_of({name: type_from_json(field) for name, field in inner.items()})
        if kind == "tuple" and isinstance(inner, list):
            return Type("tuple", items=tuple(type_from_json(item) for item in inner))
        return Type(kind, element=type_from_json(inner))
    raise ValueError(f"{data!r} is not a Terraform type")


class Unknown:
    """A value that Terraform learns later; ``refinement`` is what it knows, kept as it came."""

    __slots__ = ("refinement",)

    def __init__(self, refinement: bytes = b"") -> None:
        self.refinement = refinement

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unknown) and other.refinement == self.refinement

    def __hash__(self) -> int:
        return hash(self.refinement)

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


@dataclass(frozen=True, slots=True)
class Dynamic:
    """A value of a dynamic attribute together with its exact type."""

    type: Type
    value: Value


Value = (
    None
    | bool
    | int
    | float
    | Decimal
    | str
    | list["Value"]
    | dict[str, "Value"]
    | Unknown
    | Dynamic
)
State = dict[str, Value]
JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]

_REFINED = 12


def _type(data: JsonValue) -> type_json:
    if isinstance(data, dict):
        return {name: _type(item) for name, item in data.items()}
    if isinstance(data, list):
        return [_type(item) for item in data]
    if isinstance(data, str):
        return data
    raise ValueError(f"{data!r} is no part of a Terraform type")


def is_known(value: Value) -> bool:
    """True when nothing inside of ``value`` is unknown."""
    if isinstance(value, Unknown):
        return False
    if isinstance(value, Dynamic):
        return is_known(value.value)
    if isinstance(value, list):
        return all(is_known(item) for item in value)
    if isinstance(value, dict):
        return all(is_known(item) for item in value.values())
    return True


def _ext(code: int, data: bytes) -> Unknown:
    return Unknown(bytes(data)) if code == _REFINED else UNKNOWN


def _default(value: object) -> object:
    if isinstance(value, Unknown):
        if value.refinement:
            return msgpack.ExtType(_REFINED, value.refinement)
        return msgpack.ExtType(0, b"\x00")
    if isinstance(value, Dynamic):
        return [json.dumps(value.type.to_json(), separators=(",", ":")).encode(), value.value]
    if isinstance(value, (int, Decimal)):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    raise TypeError(f"{type(value).__name__} has no Terraform encoding")


def pack(value: Value) -> bytes:
    """Encodes a value; dynamic parts must be ``Dynamic``."""
    return msgpack.packb(value, default=_default) or b""


def unpack(data: bytes, of: Type) -> Value:
    """Decodes a value of type ``of``; ``ValueError`` when the bytes are no such value."""
    raw = msgpack.unpackb(data, ext_hook=_ext, strict_map_key=False)
    return raw if of.plain else _revive(raw, of)


def _number(text: str) -> int | Decimal:
    number = Decimal(text)
    return int(number) if number == number.to_integral_value() else number


def _revive(raw: object, of: Type) -> Value:
    if raw is None or isinstance(raw, Unknown):
        return raw
    if of.kind == "number":
        return _number(raw) if isinstance(raw, str) else _checked(raw, of)
    if of.kind == "dynamic":
        if not isinstance(raw, list) or len(raw) != 2:  # noqa: PLR2004 (a pair: type, value)
            raise ValueError("a dynamic value is not a pair of type and value")
        inner = type_from_json(json.loads(raw[0]))
        return Dynamic(inner, _revive(raw[1], inner))
    if of.element is not None and isinstance(raw, dict):
        return {key: _revive(item, of.element) for key, item in raw.items()}
    if of.fields is not None and isinstance(raw, dict):
        return {key: _revive(raw[key], field) for key, field in of.fields.items() if key in raw}
    if of.element is not None and isinstance(raw, list):
        return [_revive(item, of.element) for item in raw]
    if of.kind == "tuple" and isinstance(raw, list):
        return [_revive(item, part) for item, part in zip(raw, of.items, strict=True)]
    return _checked(raw, of)


def _checked(raw: object, of: Type) -> bool | int | float | str:
    if isinstance(raw, (bool, int, float, str)):
        return raw
    raise ValueError(f"{type(raw).__name__} is not a {of.kind}")


def from_json(raw: JsonValue, of: Type) -> Value:
    """A value from the JSON in which Terraform keeps states; absent fields become ``None``."""
    if raw is None:
        return None
    if of.kind == "dynamic" and isinstance(raw, dict):
        inner = type_from_json(_type(raw["type"]))
        return Dynamic(inner, from_json(raw["value"], inner))
    if of.fields is not None and isinstance(raw, dict):
        return {name: from_json(raw.get(name), field) for name, field in of.fields.items()}
    if of.element is not None and isinstance(raw, dict):
        return {name: from_json(item, of.element) for name, item in raw.items()}
    if of.element is not None and isinstance(raw, list):
        return [from_json(item, of.element) for item in raw]
    if of.kind == "tuple" and isinstance(raw, list):
        return [from_json(item, part) for item, part in zip(raw, of.items, strict=True)]
    return _checked(raw, of)


def plain(value: Value) -> JsonValue:
    """The value as JSON; unknown parts become ``{"$unknown": true}``, integral numbers ``int``."""
    if isinstance(value, Unknown):
        return {"$unknown": True}
    if isinstance(value, Dynamic):
        return plain(value.value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float):
        return int(value) if float.is_integer(value) else value
    return value


def dynamic(value: JsonValue) -> Dynamic | None:
    """A dynamic value for JSON, its type inferred as Terraform's ``jsondecode`` does."""
    return None if value is None else Dynamic(infer(value), _untyped(value))


def _untyped(value: JsonValue) -> Value:
    if isinstance(value, dict):
        return {key: _untyped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_untyped(item) for item in value]
    return value


def infer(value: JsonValue) -> Type:
    """The type that Terraform gives to a JSON value."""
    if isinstance(value, dict):
        return object_of({key: infer(item) for key, item in value.items()})
    if isinstance(value, list):
        return Type("tuple", items=tuple(infer(item) for item in value))
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, (int, float)):
        return NUMBER
    return DYNAMIC if value is None else STRING


def text(value: Value) -> str:
    """The value as ``str``; empty when it is null or unknown."""
    return value if isinstance(value, str) else ""


def texts(value: Value) -> dict[str, str]:
    """A ``map(string)`` as ``dict``, without null and unknown elements; empty when it is null."""
    if not isinstance(value, dict):
        return {}
    return {key: item for key, item in value.items() if isinstance(item, str)}
