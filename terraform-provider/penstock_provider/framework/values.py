"""Terraform values and types as plain Python, and their encodings on the wire.

A value is ``None``, ``bool``, a number, ``str``, ``list`` (list, set, tuple), ``dict`` (map,
object), an ``Unknown``, or, where a schema says "dynamic", a ``Dynamic`` that keeps the exact type.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from penstock_provider.framework.packing import Extension
from penstock_provider.framework.packing import pack as _pack
from penstock_provider.framework.packing import unpack as _unpack

if TYPE_CHECKING:
    # Neither is imported at a start: numbers that need it are rare.
    from decimal import Decimal

type_json = str | list["type_json"] | dict[str, "type_json"]


class Type:
    """A Terraform type: ``kind`` is its keyword; elements or fields as the kind has them."""

    __slots__ = ("_text", "element", "fields", "items", "kind")

    def __init__(
        self,
        kind: str,
        element: Type | None = None,
        fields: Mapping[str, Type] | None = None,
        items: tuple[Type, ...] = (),
    ) -> None:
        self.kind = kind
        self.element = element
        self.fields = fields
        self.items = items
        self._text: str | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Type) and other.to_json() == self.to_json()

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Type({self.text})"

    @property
    def text(self) -> str:
        """Its JSON, as schemas and dynamic values carry it."""
        if self._text is None:
            self._text = _type_text(self.to_json())
        return self._text

    def to_json(self) -> type_json:
        """The same as a value."""
        if self.element is not None:
            return [self.kind, self.element.to_json()]
        if self.fields is not None:
            return [self.kind, {name: field.to_json() for name, field in self.fields.items()}]
        if self.kind == "tuple":
            return [self.kind, [item.to_json() for item in self.items]]
        return self.kind


def _type_text(data: type_json) -> str:
    if isinstance(data, str):
        if data.isidentifier() and data.isascii():
            return f'"{data}"'
        import json  # noqa: PLC0415 (names of attributes need no escapes)

        return json.dumps(data)
    if isinstance(data, list):
        return f"[{','.join(map(_type_text, data))}]"
    return f"{{{','.join(f'{_type_text(name)}:{_type_text(of)}' for name, of in data.items())}}}"


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


class Dynamic:
    """A value of a dynamic attribute together with its exact type."""

    __slots__ = ("type", "value")

    def __init__(self, type: Type, value: Value) -> None:  # noqa: A002 (Terraform's word)
        self.type = type
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dynamic) and (other.type, other.value) == (self.type, self.value)

    __hash__ = None  # pyrefly: ignore[bad-override] (values change)

    def __repr__(self) -> str:
        return f"Dynamic({self.type!r})"


if TYPE_CHECKING:
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
else:
    Value = object
State = dict[str, Value]
JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]

_REFINED = 12
_WHOLLY_UNKNOWN = Extension(0, b"\x00")
_INT64 = 1 << 63
_TYPES: dict[bytes, Type] = {b'"string"': STRING, b'"number"': NUMBER, b'"bool"': BOOL}
"""Types of dynamic values that have occurred."""


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


def pack(value: Value) -> bytes:
    """Encodes a value; dynamic parts must be ``Dynamic``."""
    return _pack(_plainly(value))


def _plainly(value: Value) -> object:
    """The value in what the codec knows."""
    kind = type(value)
    if value is None or kind is str or kind is bool:
        return value
    if isinstance(value, dict):
        return {key: _plainly(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plainly(item) for item in value]
    if isinstance(value, Unknown):
        return Extension(_REFINED, value.refinement) if value.refinement else _WHOLLY_UNKNOWN
    if isinstance(value, Dynamic):
        return [value.type.text.encode(), _plainly(value.value)]
    if isinstance(value, float):
        return int(value) if float.is_integer(value) and abs(value) < _INT64 else value
    if isinstance(value, int):
        if -_INT64 <= value < _INT64:
            return int(value)
        return float(value) if _is_double(value) else str(value)
    # The module is there when there is such a number.
    decimal = sys.modules.get("decimal")
    return _decimal(value) if decimal and isinstance(value, decimal.Decimal) else value


def _is_double(value: int) -> bool:
    try:
        return int(float(value)) == value
    except OverflowError:
        return False


def _decimal(value: Decimal) -> object:
    """As Terraform does: whole numbers, then binary fractions, else its digits."""
    if value == value.to_integral_value():
        return _plainly(int(value))
    number = float(value)
    return number if value == value.from_float(number) else format(value, "f")


def unpack(data: bytes, of: Type) -> Value:
    """Decodes a value of type ``of``; ``ValueError`` when the bytes are no such value."""
    return _revive(_unpack(data), of)


def _number(text: str) -> int | Decimal:
    from decimal import Decimal, InvalidOperation  # noqa: PLC0415 (most numbers are no texts)

    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError("a text is not a number") from None
    return int(number) if number == number.to_integral_value() else number


def _revive(raw: Any, of: Type) -> Any:
    """``raw`` as the codec gives it, with unknown, dynamic and long numbers as what they are."""
    if raw is None or (type(raw) is str and of.kind == "string"):
        return raw
    if isinstance(raw, Extension):
        return Unknown(raw.data) if raw.code == _REFINED else UNKNOWN
    if isinstance(raw, dict):
        if of.fields is not None:
            fields = of.fields
            return {
                name: _revive(raw[name], field) for name, field in fields.items() if name in raw
            }
        if of.element is not None:
            return {key: _revive(item, of.element) for key, item in raw.items()}
    if isinstance(raw, list):
        if of.element is not None:
            return [_revive(item, of.element) for item in raw]
        if of.kind == "tuple":
            return [_revive(item, part) for item, part in zip(raw, of.items, strict=True)]
        if of.kind == "dynamic" and len(raw) == 2:  # noqa: PLR2004 (a pair: type, value)
            inner = _type_of(raw[0])
            return Dynamic(inner, _revive(raw[1], inner))
    if of.kind == "number":
        return _number(raw) if isinstance(raw, str) else _checked(raw, of)
    if of.kind == "dynamic":
        raise ValueError("a dynamic value is not a pair of type and value")
    return _checked(raw, of)


def _type_of(text: bytes | str) -> Type:
    key = text if isinstance(text, bytes) else str(text).encode()
    known = _TYPES.get(key)
    if known is None:
        import json  # noqa: PLC0415 (types of dynamic values repeat)

        known = _TYPES[key] = type_from_json(json.loads(key))
    return known


_KINDS: dict[str, tuple[type, ...]] = {"string": (str,), "bool": (bool,), "number": (int, float)}


def _checked(raw: object, of: Type) -> bool | int | float | str:
    if isinstance(raw, (bool, int, float, str)) and type(raw) in _KINDS.get(of.kind, ()):
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
    if isinstance(value, float):
        return int(value) if float.is_integer(value) else value
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return float(value)


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
