"""Filters of lists and maps."""

import functools
from collections.abc import Mapping, Sequence

from penstock.expression import operator
from penstock.expression.catalogue import named
from penstock.expression.error import ExpressionError, LimitError
from penstock.expression.limit import Limits
from penstock.expression.value import Value, is_number, to_json, to_text, type_name

_MIXED = 20_000


def _sequence(value: Value, name: str) -> Sequence[Value]:
    if isinstance(value, (list, tuple)):
        return value
    raise ExpressionError(f"The filter `{name}` needs a list, not {type_name(value)}.")


def whole(value: Value, what: str) -> int:
    """The integer of an argument, given as a number or as text.

    Raises:
        ExpressionError: it is none.
    """
    number = operator.parse_number(value) if isinstance(value, str) else value
    if isinstance(number, int) and not isinstance(number, bool):
        return number
    if isinstance(number, float) and float(number).is_integer():
        return int(number)
    raise ExpressionError(f"The argument '{what}' is an integer, not {type_name(value)}.")


@named("keys")
def keys(value: Value) -> Value:
    """The keys of a map, or the positions of a list.

    Args:
        value (map or list): the map or list.

    Example:
        {{ inputs.order | keys }} → ["id","city","note"]
    """
    if value is None:
        return None
    if isinstance(value, Mapping):
        return list(value)
    return list(range(len(_sequence(value, "keys"))))


@named("values")
def values(value: Value) -> Value:
    """The values of a map.

    Args:
        value (map): the map.

    Example:
        {{ inputs.order | values }} → [7,"Rome",null]
    """
    if value is None:
        return None
    if isinstance(value, Mapping):
        return list(value.values())
    raise ExpressionError(f"The filter `values` needs a map, not {type_name(value)}.")


@named("flatten")
def flatten(value: Value, *, limits: Limits) -> Value:
    """A list of lists as one list; one level.

    Args:
        value (list): the list.
        limits: those of the rendering.

    Example:
        {{ [[1], [2, 3]] | flatten }} → [1,2,3]
    """
    if value is None:
        return None
    flat: list[Value] = []
    for item in _sequence(value, "flatten"):
        if isinstance(item, (list, tuple)):
            limits.check_items(len(flat) + len(item))
            flat.extend(item)
        else:
            flat.append(item)
    return flat


def _identity(value: Value) -> tuple[str, Value]:
    """Equal exactly for values that are equal in the language."""
    if isinstance(value, str) or value is None or isinstance(value, bool):
        return type(value).__name__, value
    if is_number(value):
        return "number", value
    return type(value).__name__, to_json(value)


@named("distinct")
def distinct(value: Value) -> Value:
    """The list without repetitions, the first of each kept.

    Args:
        value (list): the list.

    Example:
        {{ [1, 1, 2] | distinct }} → [1,2]
    """
    if value is None:
        return None
    seen: dict[tuple[str, Value], Value] = {}
    for item in _sequence(value, "distinct"):
        seen.setdefault(_identity(item), item)
    return list(seen.values())


@named("chunk")
def chunk(value: Value, size: Value) -> Value:
    """A list cut into lists of a size.

    Args:
        value (list): the list.
        size (integer): elements of each list.

    Example:
        {{ [1, 2, 3] | chunk(2) }} → [[1,2],[3]]
    """
    if value is None:
        return None
    items, step = _sequence(value, "chunk"), whole(size, "size")
    if step < 1:
        raise ExpressionError("The argument 'size' of the filter `chunk` is at least 1.")
    return [list(items[start : start + step]) for start in range(0, len(items), step)]


@named("merge")
def merge(value: Value, items: Value, *, limits: Limits) -> Value:
    """Two maps, where the argument wins, or two lists, one after the other.

    Args:
        value (list or map): the list or map.
        items (list or map): what is added.
        limits: those of the rendering.

    Example:
        {{ [1] | merge([2]) }} → [1,2]
    """
    if value is None or items is None:
        return items if value is None else value
    if isinstance(value, Mapping):
        if isinstance(items, Mapping):
            return {**value, **items}
        return {**value, **{to_text(item): item for item in _sequence(items, "merge")}}
    more = operator.add([], list(items), limits) if isinstance(items, Mapping) else items
    return operator.add(list(_sequence(value, "merge")), _sequence(more, "merge"), limits)


def _compare(left: Value, right: Value) -> int:
    if left is None or right is None:
        return (left is not None) - (right is not None)
    return operator.order(left, right, "sort") or 0


def _sorted(value: Value, name: str, *, descending: bool) -> Value:
    if value is None:
        return None
    items = _sequence(value, name)
    texts = [item for item in items if isinstance(item, str)]
    if len(texts) == len(items):
        return sorted(texts, reverse=descending)
    if len(items) > _MIXED:
        raise LimitError(
            f"The filter `{name}` sorts at most {_MIXED:,} elements which are no texts.",
            hint="Sort large data in a task.",
        )
    return sorted(items, key=functools.cmp_to_key(_compare), reverse=descending)


@named("sort")
def sort(value: Value) -> Value:
    """The list in ascending order, null first.

    Args:
        value (list): the list.

    Example:
        {{ [3, 1, 2] | sort }} → [1,2,3]
    """
    return _sorted(value, "sort", descending=False)


@named("rsort")
def rsort(value: Value) -> Value:
    """The list in descending order.

    Args:
        value (list): the list.

    Example:
        {{ [1, 3, 2] | rsort }} → [3,2,1]
    """
    return _sorted(value, "rsort", descending=True)


@named("reverse")
def reverse(value: Value) -> Value:
    """The list or text backwards.

    Args:
        value (list or text): the list or text.

    Example:
        {{ [1, 2] | reverse }} → [2,1]
    """
    if value is None:
        return None
    if isinstance(value, str):
        return value[::-1]
    return list(_sequence(value, "reverse")[::-1])


@named("first")
def first(value: Value) -> Value:
    """The first element or character; null when there is none.

    Args:
        value (list, map or text): the list, map or text.

    Example:
        {{ inputs.names | first }} → ada
    """
    return _end(value, 0, "first")


@named("last")
def last(value: Value) -> Value:
    """The last element or character; null when there is none.

    Args:
        value (list, map or text): the list, map or text.

    Example:
        {{ inputs.names | last }} → grace
    """
    return _end(value, -1, "last")


def _end(value: Value, position: int, name: str) -> Value:
    if value is None:
        return None
    if isinstance(value, str):
        return value[position] if value else ""
    if isinstance(value, Mapping):
        value = list(value.values())
    items = _sequence(value, name)
    return items[position] if items else None


@named("join")
def join(value: Value, separator: Value = "", *, limits: Limits) -> Value:
    """The texts of the elements, with the separator between them.

    Args:
        value (list): the list.
        separator (text): what stands between.
        limits: those of the rendering.

    Example:
        {{ inputs.names | join(', ') }} → ada, grace
    """
    if value is None:
        return None
    between = to_text(separator)
    items = _sequence(value, "join")
    texts: list[str] = []
    size = len(between) * max(0, len(items) - 1)
    for item in items:
        text = to_text(item, limits)
        size += len(text)
        limits.check_size(size)
        texts.append(text)
    return between.join(texts)


@named("slice")
def slice_(value: Value, from_index: Value = 0, to_index: Value = None) -> Value:
    """The part from a position up to, not including, another.

    Args:
        value (list or text): the list or text.
        from_index (integer): the first position, from 0.
        to_index (integer): the position after the last one; the end when left out.

    Example:
        {{ 'abcd' | slice(1, 3) }} → bc
    """
    if value is None:
        return None
    start = whole(from_index, "fromIndex")
    end = None if to_index is None else whole(to_index, "toIndex")
    if start < 0 or (end is not None and end < start):
        raise ExpressionError(
            "The positions of the filter `slice` are not negative, the first not after the second."
        )
    if isinstance(value, str):
        return value[start:end]
    return list(_sequence(value, "slice")[start:end])


@named("length")
def length(value: Value) -> Value:
    """The number of elements or characters; 0 of null and of numbers.

    Args:
        value (any): the value.

    Example:
        {{ inputs.names | length }} → 2
    """
    return len(value) if isinstance(value, (str, Mapping, list, tuple)) else 0


@named("default")
def default(subject: Value, /, value: Value) -> Value:
    """The value, or the argument when it is missing, null, blank or empty.

    Args:
        subject (any): the value.
        value (any): what is given instead.

    Example:
        {{ inputs.nothing | default('none') }} → none
    """
    return value if operator.is_empty(subject) else subject
