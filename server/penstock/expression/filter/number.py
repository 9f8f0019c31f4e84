"""Filters of numbers, and conversions."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation

from penstock.expression.catalogue import named
from penstock.expression.error import ExpressionError, quoted
from penstock.expression.filter.decimal_pattern import format_number
from penstock.expression.limit import Limits
from penstock.expression.operator import number_of
from penstock.expression.value import Value, to_text, type_name

_DIGITS = 1000
_BITS = {"INT": 31, "LONG": 63}
_INTEGERS = {"INT", "LONG", "BIGINTEGER"}
_FLOATS = {"FLOAT", "DOUBLE"}


@named("number")
def number(value: Value, type: Value = None) -> Value:  # noqa: A002 - its public name
    """The number that a text spells; with a type, of that type.

    Args:
        value (text or number): the text or number.
        type (text): `INT`, `LONG`, `FLOAT`, `DOUBLE`, `BIGDECIMAL` or `BIGINTEGER`.

    Example:
        {{ ('12' | number) + 1 }} → 13
    """
    if value is None:
        return None
    kind = None if type is None else to_text(type).upper()
    if kind is None and not isinstance(value, str):
        return number_of(value, "number")
    text = to_text(value).strip()
    try:
        exact = Decimal(text) if len(text) <= _DIGITS and "_" not in text else None
    except InvalidOperation:
        exact = None
    if exact is None or not exact.is_finite() or abs(exact.adjusted()) > _DIGITS:
        raise ExpressionError(f"The text {quoted(text)} is no number.")
    return _converted(exact, kind, text)


def _converted(exact: Decimal, kind: str | None, text: str) -> Value:
    whole = exact == exact.to_integral_value()
    if kind is None:
        return int(exact) if whole and not set(text) & set(".eE") else float(exact)
    if kind in _INTEGERS:
        if not whole:
            raise ExpressionError(f"The number {quoted(text)} is no integer.")
        result = int(exact)
        bits = _BITS.get(kind)
        if bits is not None and not -(1 << bits) <= result < 1 << bits:
            raise ExpressionError(f"The number {quoted(text)} does not fit in the type {kind}.")
        return result
    if kind in _FLOATS:
        return float(exact)
    if kind == "BIGDECIMAL":
        return exact
    raise ExpressionError(
        f"The filter `number` knows no type {quoted(kind)}.",
        hint="There are: INT, LONG, FLOAT, DOUBLE, BIGDECIMAL, BIGINTEGER.",
    )


@named("string")
def string(value: Value, *, limits: Limits) -> Value:
    """The value as it is printed.

    Args:
        value (any): the value.
        limits: those of the rendering.

    Example:
        {{ inputs.rows | string }} → 1200
    """
    return None if value is None else to_text(value, limits)


@named("abs")
def absolute(value: Value) -> Value:
    """Without the sign.

    Args:
        value (number): the number.

    Example:
        {{ -3 | abs }} → 3
    """
    return None if value is None else abs(number_of(value, "abs"))


@named("numberformat")
def numberformat(value: Value, format: Value = "#,##0.###") -> Value:  # noqa: A002 - public name
    """The number by a pattern such as `#,##0.00`, `000` or `0.#%`; halves round to even.

    Args:
        value (number): the number.
        format (text): a pattern of DecimalFormat.

    Example:
        {{ 1234.5 | numberformat('#,##0.00') }} → 1,234.50
    """
    if value is None:
        return None
    exact = number_of(value, "numberformat")
    decimal = exact if isinstance(exact, Decimal) else Decimal(str(exact))
    if not decimal.is_finite():
        return to_text(value)
    return format_number(decimal, to_text(format))


@named("className")
def class_name(value: Value) -> Value:
    """The name that the type has in Java.

    Args:
        value (any): the value.

    Example:
        {{ 'a' | className }} → java.lang.String
    """
    if value is None:
        return None
    if isinstance(value, bool):
        return "java.lang.Boolean"
    if isinstance(value, int):
        return "java.lang.Integer" if -(1 << 31) <= value < 1 << 31 else "java.lang.Long"
    for kind, name in _CLASSES.items():
        if isinstance(value, kind):
            return name
    raise ExpressionError(f"The filter `className` knows no name for {type_name(value)}.")


_CLASSES: dict[type, str] = {
    float: "java.lang.Double",
    str: "java.lang.String",
    Decimal: "java.math.BigDecimal",
    Mapping: "java.util.LinkedHashMap",
    list: "java.util.ArrayList",
    tuple: "java.util.ArrayList",
    datetime: "java.time.ZonedDateTime",
}
