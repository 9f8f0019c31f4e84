"""Protobuf for the messages of a table, without a library and without generated code.

One line describes one message: its name, then ``field:type=number`` for each field; a leading ``*``
is "repeated". Types are bytes, string, bool, int32 (enumerations too), int64, or another message.
Every field has presence: what was given travels, also when it is empty or zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

_VARINT, _EIGHT, _SIZED, _FOUR = 0, 1, 2, 5
_DEFAULTS: dict[str, bytes | str | bool | int] = {
    "bytes": b"",
    "string": "",
    "bool": False,
    "int32": 0,
    "int64": 0,
}
_MORE = 0x80
"""The bit of a varint's byte that says that another one follows; also the first number of two."""
_LAST_SHIFT = 63
_LONGEST_SHORT = 5
_SMALL = [bytes([number]) for number in range(_MORE)]


class Malformed(ValueError):
    """The bytes are no such message; the text says why, without quoting them."""


class Field(NamedTuple):
    """One field: ``kind`` is its type's name in the table, ``key`` its tag with the wire type."""

    name: str
    kind: str
    repeated: bool
    key: int
    tag: bytes
    of: Kinds

    @property
    def is_message(self) -> bool:
        """True when its values are messages."""
        return self.kind not in _DEFAULTS

    def make(self) -> Message:
        """A new message of the field's type."""
        return self.of[self.kind]()


_Reading = tuple[str, str, bool, Field]
"""What reading needs of a field at once: kind, name, whether it is repeated, and the rest."""
_new = object.__new__


class Repeated(list[Any]):  # elements are messages, or scalars of the field's kind
    """The values of a repeated field."""

    __slots__ = ("_field",)

    def __init__(self, field: Field, values: Iterable[Any] = ()) -> None:
        super().__init__(values)
        self._field = field

    def add(self, **fields: Any) -> Message:
        """Appends a new message with these fields, and returns it."""
        message = self._field.of[self._field.kind](**fields)
        self.append(message)
        return message


class Message:
    """One message. Fields are attributes; an absent one reads as its default.

    An absent message reads as an empty one, which becomes present by what is written into it.
    Messages that are handed over (by keyword, ``append``, ``extend``) are taken, not copied.
    """

    FIELDS: ClassVar[dict[str, Field]] = {}
    _by_key: ClassVar[dict[int, _Reading]] = {}
    # Beside the fields, which have the instance's dictionary to themselves: True for a message that
    # exists only because somebody looked at it.
    __slots__ = ("__dict__", "_looked_at")
    _looked_at: bool

    def __init__(self, **fields: Any) -> None:
        for name, value in fields.items():
            field = self.FIELDS.get(name)
            if field is None:
                raise AttributeError(f"{type(self).__name__} has no field {name}")
            self.__dict__[name] = Repeated(field, value) if field.repeated else value

    def __getattr__(self, name: str) -> Any:
        """Called for what is absent and no scalar: those have their default in the class."""
        if name == "_looked_at":
            return False
        field = self.FIELDS.get(name)
        if field is None:
            raise AttributeError(f"{type(self).__name__} has no field {name}")
        value: Any = Repeated(field) if field.repeated else field.make()
        if not field.repeated:
            value._looked_at = True  # noqa: SLF001 (of the same class)
        self.__dict__[name] = value
        return value

    if TYPE_CHECKING:

        def __setattr__(self, name: str, value: Any) -> None: ...

    def HasField(self, name: str) -> bool:  # noqa: N802 (as protobuf's own classes call it)
        """True when the field was given."""
        if name not in self.FIELDS:
            raise AttributeError(f"{type(self).__name__} has no field {name}")
        return name in self._given()

    def CopyFrom(self, other: Self) -> None:  # noqa: N802 (likewise)
        """Becomes what ``other`` is; later changes of either do not touch the other one."""
        self._looked_at = False
        self.__dict__.clear()
        for name, value in other.__dict__.items():
            self.__dict__[name] = _copy(value)

    def SerializeToString(self) -> bytes:  # noqa: N802 (likewise)
        """The message's bytes."""
        parts: list[bytes] = []
        _encode(self, parts)
        return b"".join(parts)

    @classmethod
    def FromString(cls, data: bytes) -> Self:  # noqa: N802 (likewise)
        """Reads a message; unknown fields are passed over. Raises ``Malformed``."""
        message = _new(cls)
        try:
            _decode(message, data, 0, len(data))
        except IndexError:
            raise Malformed("the message ends in the middle of a field") from None
        except UnicodeDecodeError:
            raise Malformed("a text is not UTF-8") from None
        except RecursionError:
            raise Malformed("messages are nested too deeply") from None
        return message

    def _given(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in self.__dict__.items()
            if not (
                (isinstance(value, Message) and _is_idle(value))
                or (isinstance(value, Repeated) and not value)
            )
        }

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._given() == getattr(other, "_given", dict)()

    __hash__ = None  # pyrefly: ignore[bad-override] (messages change)

    def __repr__(self) -> str:
        # Values may be secret.
        return f"{type(self).__name__}({', '.join(self._given())})"


class Kinds(dict[str, type[Message]]):
    """The classes of a table's messages by name, each made when it is first asked for."""

    def __init__(self, table: str) -> None:
        super().__init__()
        self._lines: dict[str, str] = {}
        for line in table.strip().splitlines():
            name, _, fields = line.partition(" ")
            self._lines[name] = fields

    def __missing__(self, name: str) -> type[Message]:
        fields: dict[str, Field] = {}
        for text in self._lines[name].split():
            left, _, number = text.partition("=")
            label, _, kind = left.partition(":")
            wire = _SIZED if kind in {"bytes", "string"} or kind not in _DEFAULTS else _VARINT
            key = int(number) << 3 | wire
            if label[0] == "*" and wire == _VARINT:
                raise ValueError(f"{name}.{label}: repeated numbers are not supported")
            field = Field(label.lstrip("*"), kind, label[0] == "*", key, _varint(key), self)
            fields[field.name] = field
        members: dict[str, Any] = {
            field.name: _DEFAULTS[field.kind]
            for field in fields.values()
            if not field.repeated and not field.is_message
        }
        by_key = {
            field.key: (field.kind, field.name, field.repeated, field) for field in fields.values()
        }
        members |= {"FIELDS": fields, "_by_key": by_key, "__slots__": ()}
        self[name] = type(name, (Message,), members)
        return self[name]


def _is_idle(message: Message) -> bool:
    return message._looked_at and not message._given()  # noqa: SLF001 (of the same file)


def _copy(value: Any) -> Any:
    if isinstance(value, Message):
        copy = type(value)()
        copy.CopyFrom(value)
        copy._looked_at = value._looked_at  # noqa: SLF001 (of the same file)
        return copy
    if isinstance(value, Repeated):
        return Repeated(value._field, map(_copy, value))  # noqa: SLF001 (of the same file)
    return value


def _varint(number: int) -> bytes:
    if 0 <= number < _MORE:
        return _SMALL[number]
    if number < 0:
        number += 1 << 64
    parts = bytearray()
    while number >= _MORE:
        parts.append(number & 0x7F | _MORE)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of several bytes, and where it ends."""
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < _MORE:
            return number & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
        if shift > _LAST_SHIFT:
            raise Malformed("a number is longer than 64 bits")


def _read_short(data: bytes, at: int) -> tuple[int, int]:
    """A tag or a length, and where it ends: those have 32 bits, in five bytes at most."""
    number, end = _read_varint(data, at)
    if end - at > _LONGEST_SHORT or number >> 32:
        raise Malformed("a tag or a length is longer than 32 bits")
    return number, end


def _scalar(kind: str, number: int) -> int | bool:
    if kind == "bool":
        return number != 0
    if kind == "int32":
        number &= 0xFFFFFFFF
        return number - (1 << 32) if number >> 31 else number
    return number - (1 << 64) if number >> 63 else number


def _decode(message: Message, data: bytes, at: int, end: int) -> None:
    by_key, values = message._by_key, message.__dict__  # noqa: SLF001 (of the same file)
    while at < end:
        key = data[at]
        at += 1
        if key >= _MORE:
            key, at = _read_short(data, at - 1)
        wire = key & 7
        if wire in {_SIZED, _VARINT}:
            number = data[at]
            at += 1
            if number >= _MORE:
                read = _read_varint if wire == _VARINT else _read_short
                number, at = read(data, at - 1)
            reading = by_key.get(key)
            if wire == _VARINT:
                if reading is not None:
                    values[reading[1]] = _scalar(reading[0], number)
            else:
                stop = at + number
                if stop > end:
                    raise Malformed("a field is longer than its message")
                if reading is not None:
                    _take(values, reading, data, at, stop)
                at = stop
        elif wire == _EIGHT:
            at += 8
        elif wire == _FOUR:
            at += 4
        else:
            raise Malformed("a field has a type that protocol buffers do not have")
        if key >> 3 == 0:
            raise Malformed("a field has the number 0")
    if at != end:
        raise Malformed("a field is longer than its message")


def _take(values: dict[str, Any], reading: _Reading, data: bytes, at: int, stop: int) -> None:
    """One value of a field with a length: bytes are copied once, messages read where they are."""
    kind, name, repeated, field = reading
    value: Any
    if kind == "bytes":
        value = data[at:stop]
    elif kind == "string":
        value = str(data[at:stop], "utf-8")
    else:
        # A single message that comes in pieces is all of them together.
        value = None if repeated else values.get(name)
        if value is None:
            value = _new(field.of[kind])
        _decode(value, data, at, stop)
    if not repeated:
        values[name] = value
    elif name in values:
        values[name].append(value)
    else:
        values[name] = Repeated(field, (value,))


def _encode(message: Message, parts: list[bytes]) -> int:
    """Appends the message's bytes; returns how many. Long values are not copied here."""
    size = 0
    fields = message.FIELDS
    for name, value in message.__dict__.items():
        field = fields.get(name)
        if field is None:
            raise AttributeError(f"{type(message).__name__} has no field {name}")
        if field.repeated:
            for one in value:
                size += _encode_field(field, one, parts)
        else:
            size += _encode_field(field, value, parts)
    return size


def _encode_field(field: Field, value: Any, parts: list[bytes]) -> int:
    kind, tag = field.kind, field.tag
    if kind in {"bytes", "string"}:
        # Half a surrogate pair has no bytes; what a server sends may have one.
        data = value if kind == "bytes" else value.encode(errors="replace")
        size = len(data)
        head = tag + (_SMALL[size] if size < _MORE else _varint(size))
        parts.append(head)
        parts.append(data)
        return len(head) + size
    if kind in _DEFAULTS:
        head = tag + _varint(int(value))
        parts.append(head)
        return len(head)
    place = len(parts)
    parts.append(b"")
    inner = _encode(value, parts)
    if not inner and value._looked_at:  # noqa: SLF001 (of the same file)
        return 0
    head = tag + (_SMALL[inner] if inner < _MORE else _varint(inner))
    parts[place] = head
    return len(head) + inner
