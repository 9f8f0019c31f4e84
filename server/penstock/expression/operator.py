"""What the operators do with values: Pebble's arithmetic, comparisons and truth."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from penstock.expression.error import ExpressionError, LimitError, quoted
from penstock.expression.limit import DEFAULT_LIMITS, Limits
from penstock.expression.value import Number, Value, is_number, to_text, type_name, weigh

_BITS = 4096
"""Widest integer that arithmetic may make."""

_PAIRS = 1_000_000
"""Most comparisons of elements in one operation."""


def number_of(value: Value, operator: str) -> Number:
    """The number in a number or in a numeric text.

    Raises:
        ExpressionError: it is something else.
    """
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        number = parse_number(value)
        if number is not None:
            return number
        raise ExpressionError(
            f"The operator `{operator}` needs numbers, not the text {quoted(value)}."
        )
    raise ExpressionError(f"The operator `{operator}` needs numbers, not {type_name(value)}.")


def parse_number(text: str) -> int | float | None:
    """The number that a text spells, or None."""
    text = text.strip()
    if not text or len(text) > 400 or "_" in text:  # noqa: PLR2004 - longer ones are no numbers
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def truth(value: Value, where: str) -> bool:
    """Whether a condition holds: booleans, non-zero numbers and non-empty texts.

    Raises:
        ExpressionError: null, a list or a map is no condition.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value != ""
    if isinstance(value, (int, float, Decimal)):
        return value != 0
    raise ExpressionError(
        f"{where} needs a boolean, a number or a text, not {type_name(value)}.",
        hint="Use `is empty`, `is null`, `is defined`, or a comparison.",
    )


def add(left: Value, right: Value, limits: Limits) -> Value:
    """Joins texts, appends to a list, otherwise adds numbers."""
    if isinstance(left, str) or isinstance(right, str):
        a = "null" if left is None else to_text(left, limits)
        b = "null" if right is None else to_text(right, limits)
        limits.check_size(len(a) + len(b))
        return a + b
    if isinstance(left, (list, tuple)):
        more = list(right) if isinstance(right, (list, tuple)) else [right]
        limits.check_items(len(left) + len(more))
        return [*left, *more]
    return _arithmetic(left, right, "+")


def subtract(left: Value, right: Value, _limits: Limits) -> Value:
    """Removes from a list (the first equal element, or all elements of a list), or subtracts."""
    if isinstance(left, (list, tuple)):
        if isinstance(right, (list, tuple)):
            _check_pairs(left, right)
            return [item for item in left if not any(equal(item, other) for other in right)]
        kept = list(left)
        for position, item in enumerate(kept):
            if equal(item, right):
                del kept[position]
                break
        return kept
    return _arithmetic(left, right, "-")


def multiply(left: Value, right: Value, _limits: Limits) -> Value:
    """Multiplies numbers."""
    return _arithmetic(left, right, "*")


def divide(left: Value, right: Value, _limits: Limits) -> Value:
    """Divides; integers are cut off toward zero."""
    return _arithmetic(left, right, "/")


def modulo(left: Value, right: Value, _limits: Limits) -> Value:
    """The rest, with the sign of the left operand."""
    return _arithmetic(left, right, "%")


def _arithmetic(left: Value, right: Value, operator: str) -> Number:
    a, b = number_of(left, operator), number_of(right, operator)
    if isinstance(a, Decimal) or isinstance(b, Decimal):
        return _decimals(_decimal(a), _decimal(b), operator)
    if isinstance(a, int) and isinstance(b, int):
        return _integers(a, b, operator)
    return _floats(float(a), float(b), operator)


def _integers(a: int, b: int, operator: str) -> int:
    if operator in "/%" and b == 0:
        raise ExpressionError("An integer cannot be divided by zero.")
    if operator == "*" and a.bit_length() + b.bit_length() > _BITS:
        raise ExpressionError("The product is too large.")
    match operator:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
    quotient = abs(a) // abs(b)
    quotient = quotient if (a < 0) == (b < 0) else -quotient
    return quotient if operator == "/" else a - quotient * b


def _floats(a: float, b: float, operator: str) -> float:
    match operator:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            if b:
                return a / b
            return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a)
    if b == 0 or math.isinf(a) or math.isnan(a):
        return math.nan
    return math.fmod(a, b)


def _decimal(number: Number) -> Decimal:
    return number if isinstance(number, Decimal) else Decimal(str(number))


def _decimals(a: Decimal, b: Decimal, operator: str) -> Decimal:
    try:
        match operator:
            case "+":
                return a + b
            case "-":
                return a - b
            case "*":
                return a * b
            case "/":
                return a / b
        return a % b
    except ArithmeticError:
        raise ExpressionError(
            f"The operator `{operator}` cannot be applied to {a} and {b}."
        ) from None


def equal(left: Value, right: Value) -> bool:
    """Equality: numbers across types, nothing else across types."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        _check_comparable(left)
        return dict(left) == dict(right)
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        _check_comparable(left)
        return list(left) == list(right)
    return left == right


def _check_comparable(value: Value) -> None:
    if weigh(value) > DEFAULT_LIMITS.output_bytes:
        raise LimitError("The values are too large to be compared.")


def _check_pairs(left: Sequence[Value], right: Sequence[Value]) -> None:
    if len(left) * len(right) > _PAIRS:
        raise LimitError(
            f"Lists of {len(left):,} and {len(right):,} elements are too long to be compared.",
            hint="Compare large data in a task.",
        )


def order(left: Value, right: Value, operator: str) -> int | None:
    """Negative, 0 or positive as left is less, equal or greater; None when one is null or NaN.

    Two texts compare by their characters, dates by time, everything else as numbers.
    """
    if left is None or right is None:
        return None
    if isinstance(left, str) and isinstance(right, str):
        return (left > right) - (left < right)
    if isinstance(left, datetime) and isinstance(right, datetime):
        try:
            return (left > right) - (left < right)
        except TypeError:
            raise ExpressionError(
                "A date with a time zone cannot be compared to one without."
            ) from None
    if type(left) is type(right) and isinstance(left, date) and isinstance(right, date):
        return (left > right) - (left < right)
    a, b = number_of(left, operator), number_of(right, operator)
    if isinstance(a, Decimal) or isinstance(b, Decimal):
        a, b = _decimal(a), _decimal(b)
    if a != a or b != b:  # noqa: PLR0124 - this is how a NaN shows
        return None
    return (a > b) - (a < b)


def contains(left: Value, right: Value, _limits: Limits) -> bool:
    """Whether a list has the element or all elements of a list, a map the key, a text the part."""
    if left is None:
        return False
    if isinstance(left, Mapping):
        keys = right if isinstance(right, (list, tuple)) else [right]
        return all(to_text(key) in left for key in keys)
    if isinstance(left, (list, tuple)):
        wanted = right if isinstance(right, (list, tuple)) else [right]
        _check_pairs(left, wanted)
        return all(any(equal(item, want) for item in left) for want in wanted)
    if isinstance(left, str):
        if right is None:
            return False
        if not isinstance(right, (list, tuple, Mapping)):
            return to_text(right) in left
    raise ExpressionError(
        f"The operator `contains` cannot look for {type_name(right)} in {type_name(left)}."
    )


def is_in(left: Value, right: Value, limits: Limits) -> bool:
    """Whether the text of the left is that of an element, key or value of the right."""
    if right is None:
        return False
    text = to_text(left, limits)
    if isinstance(right, Mapping):
        return text in right or any(to_text(item, limits) == text for item in right.values())
    if isinstance(right, (list, tuple)):
        return any(to_text(item, limits) == text for item in right)
    raise ExpressionError(f"The operator `isIn` needs a list or a map, not {type_name(right)}.")


def span(start: Value, end: Value, step: Value, limits: Limits) -> list[Value]:
    """All integers or letters from start to end, both included."""
    if isinstance(start, str) and isinstance(end, str) and len(start) == len(end) == 1:
        letters = span(ord(start), ord(end), step, limits)
        return [chr(code) for code in letters if isinstance(code, int)]
    low, high, by = (number_of(part, "range") for part in (start, end, step))
    if not all(isinstance(part, int) for part in (low, high, by)):
        raise ExpressionError("A range needs integers or single letters.")
    low, high, by = int(low), int(high), int(by)
    if by == 0:
        raise ExpressionError("The increment of a range cannot be 0.")
    count = (high - low) // by + 1
    limits.check_items(count)
    return list(range(low, high + (1 if by > 0 else -1), by))


def negative(value: Value) -> Value:
    """The number with the other sign."""
    return -number_of(value, "-")


def positive(value: Value) -> Value:
    """The number itself."""
    return +number_of(value, "+")


def concatenate(left: Value, right: Value, limits: Limits) -> str:
    """Both as text, null as nothing."""
    a = left if isinstance(left, str) else to_text(left, limits)
    b = right if isinstance(right, str) else to_text(right, limits)
    limits.check_size(len(a) + len(b))
    return a + b


def _range(left: Value, right: Value, limits: Limits) -> Value:
    return span(left, right, 1, limits)


def _equal(left: Value, right: Value, _limits: Limits) -> bool:
    return equal(left, right)


def _different(left: Value, right: Value, _limits: Limits) -> bool:
    return not equal(left, right)


def _greater(left: Value, right: Value, _limits: Limits) -> bool:
    result = order(left, right, ">")
    return result is not None and result > 0


def _less(left: Value, right: Value, _limits: Limits) -> bool:
    result = order(left, right, "<")
    return result is not None and result < 0


def _at_least(left: Value, right: Value, _limits: Limits) -> bool:
    result = order(left, right, ">=")
    return result is not None and result >= 0


def _at_most(left: Value, right: Value, _limits: Limits) -> bool:
    result = order(left, right, "<=")
    return result is not None and result <= 0


BINARY: dict[str, Callable[[Value, Value, Limits], Value]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": modulo,
    "~": concatenate,
    "..": _range,
    "==": _equal,
    "equals": _equal,
    "!=": _different,
    ">": _greater,
    "<": _less,
    ">=": _at_least,
    "<=": _at_most,
    "contains": contains,
    "isIn": is_in,
}
"""Operators that evaluate both operands; the others are short-circuits."""


def is_even(value: Value) -> bool:
    """Whether an integer is even."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value % 2 == 0
    raise ExpressionError(f"The tests `even` and `odd` need an integer, not {type_name(value)}.")


def is_empty(value: Value) -> bool:
    """Null, blank text, an empty list or map."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, (Mapping, list, tuple)):
        return len(value) == 0
    return False


def is_scalar(value: Value) -> bool:
    """Whether it is neither a list nor a map."""
    return value is None or isinstance(value, (str, bool)) or is_number(value)
