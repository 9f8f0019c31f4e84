"""What a compiled jq query is made of: paths, operators, and the order of values."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from penstock.expression.error import ExpressionError, LimitError
from penstock.expression.limit import DEFAULT_LIMITS, Limits
from penstock.expression.value import Value, weigh

_STEPS = 200_000


class Budget:
    """Steps that one evaluation may still take."""

    __slots__ = ("_left", "limits")

    def __init__(self, limits: Limits) -> None:
        self._left = _STEPS
        self.limits = limits

    def spend_on(self, value: Value) -> None:
        """Takes as many steps as walking or copying a value is worth."""
        if isinstance(value, (Mapping, list, tuple)):
            self.spend(1 + len(value) // 50)
        elif isinstance(value, str):
            self.spend(1 + len(value) // 1000)

    def spend(self, steps: int = 1) -> None:
        """Takes steps away.

        Raises:
            LimitError: none are left.
        """
        self._left -= steps
        if self._left < 0:
            raise LimitError(
                f"The jq expression takes more than {_STEPS:,} steps.",
                hint="Process large data in a task.",
            )


@dataclass(frozen=True, slots=True)
class Environment:
    """Variables and the budget of an evaluation."""

    variables: Mapping[str, Value]
    budget: Budget

    def bind(self, name: str, value: Value) -> "Environment":
        """With one more variable."""
        return Environment({**self.variables, name: value}, self.budget)


Query: TypeAlias = Callable[[Environment, Value], Iterator[Value]]


def kind_of(value: Value) -> str:
    """The name of its type in jq."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, Mapping) else "array"


def shown(value: Value) -> str:
    """The type and size of a value, for messages."""
    if isinstance(value, (str, Mapping, list, tuple)):
        return f"{kind_of(value)} of length {len(value)}"
    return kind_of(value)


def holds(value: Value) -> bool:
    """Everything but null and false."""
    return value is not None and value is not False


KINDS = ("null", "boolean", "number", "string", "array", "object")
"""The types, in the order in which jq sorts their values."""

_RANKS = {kind: rank for rank, kind in enumerate(KINDS)}


def compare(left: Value, right: Value) -> int:
    """Negative, 0 or positive in the order null, booleans, numbers, strings, arrays, objects.

    Raises:
        LimitError: they are too large.
    """
    if isinstance(left, (Mapping, list, tuple)) and isinstance(right, (Mapping, list, tuple)):
        DEFAULT_LIMITS.check_size(max(weigh(left), weigh(right)))
    return _compare(left, right)


def _compare(left: Value, right: Value) -> int:
    a, b = kind_of(left), kind_of(right)
    if a != b:
        return _RANKS[a] - _RANKS[b]
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        by_keys = _compare(sorted(left), sorted(right))
        return by_keys or _compare(
            [left[key] for key in sorted(left)], [right[key] for key in sorted(right)]
        )
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        for one, other in zip(left, right, strict=False):
            order = _compare(one, other)
            if order:
                return order
        return len(left) - len(right)
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return (left > right) - (left < right)
    if isinstance(left, str) and isinstance(right, str):
        return (left > right) - (left < right)
    return 0


order_key = functools.cmp_to_key(compare)
"""The key by which `sorted` puts values in jq's order."""


def index(target: Value, key: Value) -> Value:
    """`target[key]`; null where there is nothing."""
    if target is None and (key is None or isinstance(key, (str, int))):
        return None
    if isinstance(target, Mapping) and isinstance(key, str):
        return target.get(key)
    if isinstance(target, (list, tuple)) and isinstance(key, (int, float)):
        position = int(key)
        return target[position] if -len(target) <= position < len(target) else None
    wanted = f'"{key}"' if isinstance(key, str) else kind_of(key)
    raise ExpressionError(f"jq cannot index {kind_of(target)} with {wanted}.")


def cut(target: Value, start: Value, end: Value) -> Value:
    """`target[start:end]`."""
    if target is None:
        return None
    for bound in (start, end):
        if bound is not None and kind_of(bound) != "number":
            raise ExpressionError("In jq the bounds of a slice are numbers.")
    low = int(start) if isinstance(start, (int, float)) else None
    high = int(end) if isinstance(end, (int, float)) else None
    if isinstance(target, str):
        return target[low:high]
    if isinstance(target, (list, tuple)):
        return list(target[low:high])
    raise ExpressionError(f"jq cannot slice {kind_of(target)}.")


def each(target: Value) -> Sequence[Value]:
    """`target[]`."""
    if isinstance(target, Mapping):
        return list(target.values())
    if isinstance(target, (list, tuple)):
        return target
    raise ExpressionError(f"jq cannot iterate over {shown(target)}.")


def add(left: Value, right: Value, limits: Limits) -> Value:
    """Numbers are added, texts and arrays joined, objects merged; null is nothing."""
    if left is None or right is None:
        return right if left is None else left
    if isinstance(left, str) and isinstance(right, str):
        limits.check_size(len(left) + len(right))
        return left + right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return {**left, **right}
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        limits.check_items(len(left) + len(right))
        return [*left, *right]
    a, b = _numbers(left, right, "added")
    return a + b


def subtract(left: Value, right: Value, limits: Limits) -> Value:
    """Numbers are subtracted, elements removed."""
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        limits.check_items(len(left) * len(right))
        return [item for item in left if all(compare(item, other) for other in right)]
    a, b = _numbers(left, right, "subtracted")
    return a - b


def multiply(left: Value, right: Value, limits: Limits) -> Value:
    """Numbers are multiplied, objects merged deeply, texts repeated."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        limits.check_size(weigh(left) + weigh(right))
        return _merge(left, right)
    if isinstance(left, str) and isinstance(right, (int, float)):
        count = int(right) if right >= 1 else int(right > 0)
        limits.check_size(len(left) * count)
        return left * count if count else None
    a, b = _numbers(left, right, "multiplied")
    return float(a) * float(b) if max(abs(a), abs(b)) >= 1 << 62 else a * b


def _merge(left: Mapping[str, Value], right: Mapping[str, Value]) -> dict[str, Value]:
    result = dict(left)
    for key, value in right.items():
        current = result.get(key)
        both = isinstance(current, Mapping) and isinstance(value, Mapping)
        result[key] = (
            _merge(current, value)
            if both and isinstance(current, Mapping) and isinstance(value, Mapping)
            else value
        )
    return result


def divide(left: Value, right: Value, _limits: Limits) -> Value:
    """Numbers are divided, texts split."""
    if isinstance(left, str) and isinstance(right, str):
        return list(left.split(right)) if right and left else list(left)
    a, b = _numbers(left, right, "divided")
    if b == 0:
        raise ExpressionError("jq cannot divide by zero.")
    result = a / b
    return int(result) if result.is_integer() and abs(result) < 1 << 53 else result


def modulo(left: Value, right: Value, _limits: Limits) -> Value:
    """The rest of whole numbers, with the sign of the left one."""
    a, b = (int(number) for number in _numbers(left, right, "divided"))
    if b == 0:
        raise ExpressionError("jq cannot divide by zero.")
    rest = abs(a) % abs(b)
    return -rest if a < 0 else rest


def _numbers(left: Value, right: Value, verb: str) -> tuple[float, float]:
    if (
        isinstance(left, (int, float))
        and isinstance(right, (int, float))
        and not isinstance(left, bool)
        and not isinstance(right, bool)
    ):
        return left, right
    raise ExpressionError(f"In jq {shown(left)} and {shown(right)} cannot be {verb}.")


ARITHMETIC: dict[str, Callable[[Value, Value, Limits], Value]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": modulo,
    "==": lambda left, right, _: compare(left, right) == 0,
    "!=": lambda left, right, _: compare(left, right) != 0,
    "<": lambda left, right, _: compare(left, right) < 0,
    "<=": lambda left, right, _: compare(left, right) <= 0,
    ">": lambda left, right, _: compare(left, right) > 0,
    ">=": lambda left, right, _: compare(left, right) >= 0,
}
