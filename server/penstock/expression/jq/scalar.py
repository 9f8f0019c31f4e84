"""The functions of jq that give one result for one value."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from penstock.expression.error import ExpressionError
from penstock.expression.filter.regex import safe_pattern
from penstock.expression.jq.query import add, compare, each, kind_of, order_key, shown
from penstock.expression.limit import Limits
from penstock.expression.operator import parse_number
from penstock.expression.value import Value, to_json, weigh

_KEYS = ("key", "k", "name", "Name", "Key")


def array_of(value: Value, name: str) -> Sequence[Value]:
    """The array itself.

    Raises:
        ExpressionError: it is none.
    """
    if isinstance(value, (list, tuple)):
        return value
    raise ExpressionError(f"`{name}` of jq needs an array, not {shown(value)}.")


def text_of(value: Value, name: str) -> str:
    """The string itself.

    Raises:
        ExpressionError: it is none.
    """
    if isinstance(value, str):
        return value
    raise ExpressionError(f"`{name}` of jq needs a string, not {shown(value)}.")


def number_of(value: Value, name: str) -> float:
    """The number itself.

    Raises:
        ExpressionError: it is none.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    raise ExpressionError(f"`{name}` of jq needs a number, not {shown(value)}.")


def sort(value: Value, _limits: Limits) -> Value:
    """In jq's order."""
    return sorted(array_of(value, "sort"), key=order_key)


def length(value: Value, _limits: Limits) -> Value:
    """Elements, characters, or the absolute value."""
    if value is None:
        return 0
    if isinstance(value, (str, Mapping, list, tuple)):
        return len(value)
    return abs(number_of(value, "length"))


def keys(value: Value, _limits: Limits) -> Value:
    """Sorted keys, or positions."""
    if isinstance(value, Mapping):
        return sorted(value)
    return list(range(len(array_of(value, "keys"))))


def total(value: Value, limits: Limits) -> Value:
    """Everything within added up."""
    items = each(value)
    if items and all(isinstance(item, str) for item in items):
        texts = [text_of(item, "add") for item in items]
        limits.check_size(sum(map(len, texts)))
        return "".join(texts)
    if items and all(isinstance(item, (list, tuple)) for item in items):
        limits.check_items(sum(count_of(item) for item in items))
        return [part for item in items for part in array_of(item, "add")]
    total: Value = None
    for item in items:
        total = add(total, item, limits)
    return total


def count_of(value: Value) -> int:
    """How many elements."""
    return len(array_of(value, "add"))


def to_number(value: Value, _limits: Limits) -> Value:
    """The number that a string spells."""
    if isinstance(value, str):
        number = parse_number(value)
        if number is None:
            raise ExpressionError("`tonumber` of jq needs the text of a number.")
        return number
    return number_of(value, "tonumber")


def to_string(value: Value, limits: Limits) -> Value:
    """Strings as they are, others as JSON."""
    return value if isinstance(value, str) else to_json(value, limits)


def flatten(value: Value, depth: float, limits: Limits) -> list[Value]:
    """Arrays within arrays as one, so many levels deep."""
    flat: list[Value] = []
    for item in array_of(value, "flatten"):
        if isinstance(item, (list, tuple)) and depth > 0:
            flat.extend(flatten(item, depth - 1, limits))
        else:
            flat.append(item)
        limits.check_items(len(flat))
    return flat


def to_entries(value: Value, _limits: Limits) -> Value:
    """Objects with `key` and `value`."""
    if isinstance(value, Mapping):
        return [{"key": key, "value": item} for key, item in value.items()]
    raise ExpressionError(f"`to_entries` of jq needs an object, not {shown(value)}.")


def from_entries(value: Value, limits: Limits) -> Value:
    """The object of such entries."""
    result: dict[str, Value] = {}
    for entry in array_of(value, "from_entries"):
        if not isinstance(entry, Mapping):
            raise ExpressionError("`from_entries` of jq needs an array of objects.")
        key = next((entry[name] for name in _KEYS if name in entry), None)
        item = next((entry[name] for name in ("value", "v", "Value") if name in entry), None)
        result[str(to_string(key, limits))] = item
    return result


def unique(items: Sequence[Value]) -> list[Value]:
    """Sorted, each once."""
    return [next(group) for _, group in groupby(sorted(items, key=order_key), key=order_key)]


def extreme(value: Value, sign: int) -> Value:
    """The greatest, or with a negative sign the least."""
    best: Value = None
    for position, item in enumerate(array_of(value, "min")):
        order = compare(item, best) * sign
        if position == 0 or order > 0 or (order == 0 and sign > 0):
            best = item
    return best


def join(value: Value, separator: Value, limits: Limits) -> Value:
    """The elements as text with a separator."""
    texts = [
        "" if item is None else str(to_string(item, limits)) for item in array_of(value, "join")
    ]
    between = text_of(separator, "join")
    limits.check_size(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)


def has(value: Value, key: Value, _limits: Limits) -> Value:
    """Whether there is the key or position."""
    if isinstance(value, Mapping) and isinstance(key, str):
        return key in value
    if isinstance(value, (list, tuple)) and isinstance(key, (int, float)):
        return 0 <= key < len(value)
    raise ExpressionError(f"jq cannot check whether {kind_of(value)} has {kind_of(key)}.")


def contains(value: Value, other: Value, limits: Limits) -> bool:
    """Whether everything of the other is within the value."""
    limits.check_size(max(weigh(value), weigh(other)))
    return _contains(value, other, limits)


def _contains(value: Value, other: Value, limits: Limits) -> bool:
    if isinstance(value, Mapping) and isinstance(other, Mapping):
        return all(
            key in value and _contains(value[key], item, limits) for key, item in other.items()
        )
    if isinstance(value, (list, tuple)) and isinstance(other, (list, tuple)):
        limits.check_items(len(value) * len(other))
        return all(
            any(kind_of(item) == kind_of(want) and _contains(item, want, limits) for item in value)
            for want in other
        )
    if isinstance(value, str) and isinstance(other, str):
        return other in value
    if kind_of(value) == kind_of(other):
        return compare(value, other) == 0
    raise ExpressionError(f"In jq {kind_of(value)} cannot contain {kind_of(other)}.")


def split(value: Value, separator: Value, _limits: Limits) -> Value:
    """The parts between a separator."""
    text, between = text_of(value, "split"), text_of(separator, "split")
    return list(text.split(between)) if between and text else list(text)


def csv(value: Value, _limits: Limits) -> Value:
    """One line of CSV."""
    return ",".join(
        '"' + item.replace('"', '""') + '"'
        if isinstance(item, str)
        else ""
        if item is None
        else to_json(item)
        for item in array_of(value, "@csv")
    )


def test(value: Value, pattern: Value) -> Value:
    """Whether a pattern occurs."""
    text = text_of(value, "test")
    return safe_pattern(text_of(pattern, "test"), text).search(text) is not None


def without(value: Value, part: Value, *, start: bool) -> Value:
    """Without a prefix or suffix."""
    if not isinstance(value, str) or not isinstance(part, str):
        return value
    return value.removeprefix(part) if start else value.removesuffix(part)
