"""Attributes of values: keys of maps, positions of lists, and a short list of members."""

from collections.abc import Callable, Mapping, Sequence

from penstock.expression.error import ExpressionError, UndefinedError
from penstock.expression.limit import DEFAULT_LIMITS
from penstock.expression.operator import contains
from penstock.expression.value import Value, to_text, type_name


def attribute(target: Value, key: Value) -> Value:
    """`target.key` or `target[key]`.

    Raises:
        UndefinedError: there is no such key; suggests the nearest.
        ExpressionError: the position of a list is negative or no number.
    """
    if isinstance(target, Mapping):
        return _entry(target, key)
    if isinstance(target, (list, tuple)):
        return _element(target, key)
    if isinstance(target, str) and isinstance(key, str) and key in _TEXT:
        return _TEXT[key](target)
    raise UndefinedError(to_text(key))


def _entry(target: Mapping[str, Value], key: Value) -> Value:
    name = key if isinstance(key, str) else to_text(key)
    try:
        return target[name]
    except KeyError:
        pass
    if not isinstance(key, str) and not isinstance(key, (Mapping, list, tuple)):
        for other, value in target.items():
            if other == key:
                return value
    raise UndefinedError(name, list(target)) from None


def _element(target: Sequence[Value], key: Value) -> Value:
    if isinstance(key, str):
        if key in _LIST:
            return _LIST[key](target)
        if not key.isdecimal() or len(key) > 18:  # noqa: PLR2004 - the digits of 64 bits
            raise UndefinedError(key, _LIST)
        key = int(key)
    if isinstance(key, bool) or not isinstance(key, int):
        raise ExpressionError(f"The position in a list is an integer, not {type_name(key)}.")
    if key < 0:
        raise ExpressionError(
            "A position in a list cannot be negative.",
            hint="Use the filters `last`, `reverse` or `slice`.",
        )
    if key >= len(target):
        raise UndefinedError(str(key))
    return target[key]


def member(target: Value, name: str, arguments: list[Value]) -> Value:
    """`target.name(arguments)`, for the few members which templates use.

    Raises:
        ExpressionError: there is no such member, or its arguments are others.
    """
    if target is None:
        raise UndefinedError(name)
    plain, _ = _members(target)
    if not arguments and name in plain:
        return plain[name](target)
    if len(arguments) == 1:
        argument = arguments[0]
        if name == "get":
            return attribute(target, argument)
        if name in {"contains", "containsKey"}:
            return contains(target, argument, DEFAULT_LIMITS)
    raise ExpressionError(
        f"`{name}(…)` with {len(arguments)} arguments is not a member of {type_name(target)}.",
        hint=f"There are: {', '.join(f'{known}()' for known in plain)}." if plain else "",
    )


def _members(target: Value) -> "tuple[Mapping[str, Callable[..., Value]], str]":
    if isinstance(target, Mapping):
        return _MAP, "map"
    if isinstance(target, (list, tuple)):
        return _LIST, "list"
    if isinstance(target, str):
        return _TEXT, "text"
    return {}, ""


def _size(value: Sequence[Value] | Mapping[str, Value]) -> Value:
    return len(value)


def _empty(value: Sequence[Value] | Mapping[str, Value]) -> Value:
    return len(value) == 0


def entries(value: Mapping[str, Value]) -> list[Value]:
    """A map as the list of its entries, each with `key` and `value`."""
    return [{"key": key, "value": item} for key, item in value.items()]


_LIST: dict[str, Callable[[Sequence[Value]], Value]] = {
    "size": _size,
    "length": _size,
    "isEmpty": _empty,
    "empty": _empty,
}
_MAP: dict[str, Callable[[Mapping[str, Value]], Value]] = {
    "size": _size,
    "isEmpty": _empty,
    "keySet": list,
    "values": lambda value: list(value.values()),
    "entrySet": entries,
}
_TEXT: dict[str, Callable[[str], Value]] = {
    "length": _size,
    "isEmpty": _empty,
    "empty": _empty,
    "isBlank": lambda value: not value.strip(),
    "blank": lambda value: not value.strip(),
    "toLowerCase": str.lower,
    "toUpperCase": str.upper,
    "trim": str.strip,
}
