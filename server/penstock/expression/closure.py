"""The small closures that compiled expressions are made of."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from penstock.expression import operator
from penstock.expression.error import ExpressionError, LimitError, UndefinedError, nearest
from penstock.expression.scope import Frame
from penstock.expression.value import Value, from_json, to_text

Evaluator: TypeAlias = Callable[[Frame], Value]


def constant(value: Value) -> Evaluator:
    """The closure of a constant."""
    return lambda _frame: value


def list_of(items: list[Evaluator]) -> Evaluator:
    """The closure which makes a list."""
    return lambda frame: [item(frame) for item in items]


def map_of(entries: list[tuple[Evaluator, Evaluator]]) -> Evaluator:
    """The closure which makes a map."""
    return lambda frame: {to_text(key(frame)): item(frame) for key, item in entries}


def or_null(operand: Evaluator) -> Evaluator:
    """Null for what is missing."""

    def evaluate(frame: Frame) -> Value:
        try:
            return operand(frame)
        except UndefinedError:
            return None

    return evaluate


def coalesce(left: Evaluator, right: Evaluator) -> Evaluator:
    """The right for what is missing or null."""

    def evaluate(frame: Frame) -> Value:
        try:
            value = left(frame)
        except UndefinedError:
            return right(frame)
        return right(frame) if value is None else value

    return evaluate


def otherwise(left: Evaluator, right: Evaluator) -> Evaluator:
    """The right for what is missing."""

    def evaluate(frame: Frame) -> Value:
        try:
            return left(frame)
        except UndefinedError:
            return right(frame)

    return evaluate


def no_function(name: str, known: list[str]) -> ExpressionError:
    """The error about a function which nobody knows."""
    near = nearest(name, known)
    hint = f"Did you mean `{near}`?" if near else ""
    return ExpressionError(f"There is no function or macro `{name}`.", hint=hint)


def _is_json(value: Value) -> bool:
    if not isinstance(value, str):
        return False
    try:
        from_json(value)
    except LimitError:
        raise
    except ExpressionError:
        return False
    return True


TESTS: dict[str, Callable[[Value], bool]] = {
    "defined": lambda value: value is not None,
    "null": lambda value: value is None,
    "empty": operator.is_empty,
    "even": operator.is_even,
    "odd": lambda value: not operator.is_even(value),
    "iterable": lambda value: isinstance(value, (list, tuple)),
    "map": lambda value: isinstance(value, Mapping),
    "json": _is_json,
}
UNARY: dict[str, Callable[[Value], Value]] = {
    "not": lambda value: not operator.truth(value, "The operator `not`"),
    "-": operator.negative,
    "+": operator.positive,
}
