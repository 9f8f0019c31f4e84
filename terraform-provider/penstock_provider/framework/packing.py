"""MessagePack as Terraform writes and reads values: canonical, every part in its shortest form."""

from __future__ import annotations

from struct import Struct
from typing import Any, NamedTuple

from penstock_provider.framework.protobuf import Malformed

_DOUBLE = Struct(">d")
_SINGLE = Struct(">f")
_LONGEST = 0xFFFFFFFF


class Extension(NamedTuple):
    """Bytes of an application's own kind; Terraform has 0 and 12, both mean "unknown"."""

    code: int
    data: bytes


def pack(value: Any) -> bytes:  # of any shape
    """Encodes None, bool, int of 64 bits, float, str, bytes, Extension, lists and dicts of them.

    Keys are sorted, as Terraform does. Anything else is a ``TypeError``.
    """
    parts: list[bytes] = []
    _write(value, parts.append)
    return b"".join(parts)


def _write(value: Any, put: Any) -> None:
    kind = type(value)
    if kind is str:
        _write_text(value, put)
    elif value is None:
        put(b"\xc0")
    elif kind is bool:
        put(b"\xc3" if value else b"\xc2")
    elif kind is int:
        put(_integer(value))
    elif kind is dict:
        put(_head(len(value), small=0x80, room=16, codes=(None, 0xDE, 0xDF)))
        for key in sorted(value):
            if type(key) is not str:
                raise TypeError("a key is no text")
            _write_text(key, put)
            _write(value[key], put)
    elif kind is list or kind is tuple:
        put(_head(len(value), small=0x90, room=16, codes=(None, 0xDC, 0xDD)))
        for item in value:
            _write(item, put)
    elif kind is float:
        put(b"\xcb" + _DOUBLE.pack(value))
    elif kind is bytes:
        put(_head(len(value), small=0, room=0, codes=(0xC4, 0xC5, 0xC6)))
        put(value)
    elif kind is Extension:
        _write_extension(value, put)
    else:
        raise TypeError(f"{kind.__name__} has no Terraform encoding")


def _write_text(text: str, put: Any) -> None:
    data = text.encode()
    size = len(data)
    put(bytes((0xA0 | size,)) if size < 32 else _head(size, 0, 0, (0xD9, 0xDA, 0xDB)))  # noqa: PLR2004 (five bits)
    put(data)


def _write_extension(value: Extension, put: Any) -> None:
    size = len(value.data)
    if size in {1, 2, 4, 8, 16}:
        put(bytes((0xD3 + size.bit_length(),)))
    else:
        put(_head(size, small=0, room=0, codes=(0xC7, 0xC8, 0xC9)))
    put(bytes((value.code,)))
    put(value.data)


def _head(size: int, small: int, room: int, codes: tuple[int | None, int, int]) -> bytes:
    """What precedes ``size`` bytes or elements: in one byte below ``room``, else 1, 2 or 4 more."""
    if size < room:
        return bytes((small | size,))
    one, two, four = codes
    if size <= 0xFF and one is not None:  # noqa: PLR2004 (one byte)
        return bytes((one, size))
    if size <= 0xFFFF:  # noqa: PLR2004 (two bytes)
        return bytes((two,)) + size.to_bytes(2, "big")
    if size > _LONGEST:
        raise ValueError("a value is longer than 4 GB")
    return bytes((four,)) + size.to_bytes(4, "big")


def _integer(value: int) -> bytes:
    if value >= 0:
        if value <= 0x7F:  # noqa: PLR2004 (seven bits)
            return bytes((value,))
        for code, size in ((0xCC, 1), (0xCD, 2), (0xCE, 4), (0xCF, 8)):
            if value < 1 << 8 * size:
                return bytes((code,)) + value.to_bytes(size, "big")
    else:
        if value >= -32:  # noqa: PLR2004 (five bits)
            return bytes((value & 0xFF,))
        for code, size in ((0xD0, 1), (0xD1, 2), (0xD2, 4), (0xD3, 8)):
            if value >= -1 << 8 * size - 1:
                return bytes((code,)) + value.to_bytes(size, "big", signed=True)
    raise ValueError("a whole number has more than 64 bits")


def unpack(data: bytes) -> Any:
    """Decodes one value; raises ``Malformed``."""
    try:
        value, at = _read(data, 0)
    except IndexError:
        raise Malformed("the value ends in the middle") from None
    except UnicodeDecodeError:
        raise Malformed("a text is not UTF-8") from None
    except RecursionError:
        raise Malformed("values are nested too deeply") from None
    if at != len(data):
        # Slices beyond the end are shorter than they say; so the place tells what was missing.
        raise Malformed("the value ends in the middle" if at > len(data) else "there is more")
    return value


def _read(data: bytes, at: int) -> tuple[Any, int]:
    byte = data[at]
    at += 1
    if byte >= 0xE0:  # noqa: PLR2004 (small negative)
        return byte - 0x100, at
    if byte >= 0xC0:  # noqa: PLR2004 (with a code)
        return _read_coded(data, at, byte)
    if byte >= 0xA0:  # noqa: PLR2004 (short text)
        stop = at + (byte & 0x1F)
        return str(data[at:stop], "utf-8"), stop
    if byte >= 0x90:  # noqa: PLR2004 (short list)
        return _read_list(data, at, byte & 0x0F)
    if byte >= 0x80:  # noqa: PLR2004 (short map)
        return _read_map(data, at, byte & 0x0F)
    return byte, at


def _read_list(data: bytes, at: int, count: int) -> tuple[list[Any], int]:
    items = []
    for _ in range(count):
        item, at = _read(data, at)
        items.append(item)
    return items, at


def _read_map(data: bytes, at: int, count: int) -> tuple[dict[str, Any], int]:
    entries: dict[str, Any] = {}
    for _ in range(count):
        byte = data[at]
        # Nearly every key and most values of large maps are texts below 256 bytes.
        if byte & 0xE0 == 0xA0:  # noqa: PLR2004 (short text)
            begin, at = at + 1, at + 1 + (byte & 0x1F)
            key = str(data[begin:at], "utf-8")
        else:
            key, at = _read(data, at)
            if type(key) is not str:
                raise Malformed("a key is no text")
        if data[at] == 0xD9:  # noqa: PLR2004 (text with a size of one byte)
            begin, at = at + 2, at + 2 + data[at + 1]
            entries[key] = str(data[begin:at], "utf-8")
        else:
            entries[key], at = _read(data, at)
    return entries, at


_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}
# The code: bytes of the size, and what it is the size of.
_TEXT, _BYTES, _EXTENSION, _LIST, _MAP = range(5)
_SIZED = {
    0xC4: (1, _BYTES), 0xC5: (2, _BYTES), 0xC6: (4, _BYTES),
    0xC7: (1, _EXTENSION), 0xC8: (2, _EXTENSION), 0xC9: (4, _EXTENSION),
    0xD9: (1, _TEXT), 0xDA: (2, _TEXT), 0xDB: (4, _TEXT),
    0xDC: (2, _LIST), 0xDD: (4, _LIST), 0xDE: (2, _MAP), 0xDF: (4, _MAP),
}  # fmt: skip
_INTEGERS = {
    0xCC: (1, False), 0xCD: (2, False), 0xCE: (4, False), 0xCF: (8, False),
    0xD0: (1, True), 0xD1: (2, True), 0xD2: (4, True), 0xD3: (8, True),
}  # fmt: skip
_FIXED_EXTENSIONS = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}
_FLOATS = {0xCA: _SINGLE, 0xCB: _DOUBLE}


def _read_coded(data: bytes, at: int, byte: int) -> tuple[Any, int]:
    if byte in _CONSTANTS:
        return _CONSTANTS[byte], at
    sized = _SIZED.get(byte)
    if sized is not None:
        width, kind = sized
        begin = at + width
        size = int.from_bytes(data[at:begin], "big")
        if kind == _LIST:
            return _read_list(data, begin, size)
        if kind == _MAP:
            return _read_map(data, begin, size)
        if kind == _EXTENSION:
            return _read_extension(data, begin, size)
        stop = begin + size
        return (str(data[begin:stop], "utf-8") if kind == _TEXT else data[begin:stop]), stop
    integer = _INTEGERS.get(byte)
    if integer is not None:
        width, signed = integer
        return int.from_bytes(data[at : at + width], "big", signed=signed), at + width
    number = _FLOATS.get(byte)
    if number is not None:
        if at + number.size > len(data):
            raise IndexError
        return number.unpack_from(data, at)[0], at + number.size
    size = _FIXED_EXTENSIONS.get(byte)
    if size is None:
        raise Malformed("a value has a code that there is not")
    return _read_extension(data, at, size)


def _read_extension(data: bytes, at: int, size: int) -> tuple[Extension, int]:
    return Extension(data[at], data[at + 1 : at + 1 + size]), at + 1 + size
