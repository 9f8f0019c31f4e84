"""Java's patterns for numbers: `#,##0.00`."""

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal

from penstock.expression.error import ExpressionError, quoted

_PATTERN = re.compile(r"(?P<prefix>[^#0,.;]*)(?P<number>[#0,.]+)(?P<suffix>[^#0,.;]*)")
_LONGEST = 100
_EXACT = Context(prec=1200)


def format_number(value: Decimal, pattern: str) -> str:
    """A number by a pattern; a second one after `;` is for negative numbers.

    Raises:
        ExpressionError: it is no pattern.
    """
    positive, _, negative = pattern.partition(";")
    found = _PATTERN.fullmatch(positive) if len(pattern) <= _LONGEST else None
    if found is None:
        raise ExpressionError(
            f"The text {quoted(pattern)} is no number pattern.",
            hint="A pattern looks like `#,##0.00`.",
        )
    prefix, suffix = _literal(found["prefix"]), _literal(found["suffix"])
    if "%" in found["prefix"] + found["suffix"]:
        value = value.scaleb(2)
    digits = _digits(abs(value), found["number"])
    if value < 0 and set(digits) & set("123456789"):
        other = _PATTERN.fullmatch(negative) if negative else None
        if other is not None:
            return f"{_literal(other['prefix'])}{digits}{_literal(other['suffix'])}"
        prefix = f"-{prefix}"
    return f"{prefix}{digits}{suffix}"


def _literal(text: str) -> str:
    return text.replace("''", "\0").replace("'", "").replace("\0", "'")


def _digits(value: Decimal, pattern: str) -> str:
    whole_pattern, _, fraction_pattern = pattern.partition(".")
    most, least = len(fraction_pattern), fraction_pattern.count("0")
    rounded = value.quantize(Decimal(1).scaleb(-most), ROUND_HALF_EVEN, _EXACT)
    whole, _, fraction = format(rounded, "f").partition(".")
    while len(fraction) > least and fraction.endswith("0"):
        fraction = fraction[:-1]
    whole = whole.lstrip("0").rjust(whole_pattern.count("0"), "0")
    if "," in whole_pattern:
        whole = _grouped(whole, len(whole_pattern) - whole_pattern.rfind(",") - 1)
    if not whole and not fraction:
        whole = "0"
    return f"{whole}.{fraction}" if fraction else whole


def _grouped(digits: str, size: int) -> str:
    if size < 1:
        return digits
    first = len(digits) % size
    groups = [digits[at : at + size] for at in range(first, len(digits), size)]
    return ",".join(([digits[:first]] if first else []) + groups)
