"""The filter `format`: Java's `%s`, `%d`, `%.2f` and their like."""

import re

from penstock.expression.catalogue import named
from penstock.expression.error import ExpressionError
from penstock.expression.limit import Limits
from penstock.expression.operator import number_of
from penstock.expression.value import Value, to_text

_FIELD = re.compile(
    r"%(?:(?P<index>\d+)\$)?(?P<flags>[-#+ 0,(]*)(?P<width>\d+)?(?:\.(?P<digits>\d+))?"
    r"(?P<letter>[a-zA-Z%])|%"
)
_WIDEST = 1000


@named("format")
def format_text(value: Value, *arguments: Value, limits: Limits) -> Value:
    """The text with its `%` fields replaced by the arguments.

    Args:
        value (text): the text.
        arguments (any): what the fields stand for.
        limits: those of the rendering.

    Example:
        {{ '%05d' | format(42) }} → 00042
    """
    if value is None:
        return None
    text = to_text(value, limits)
    position = 0

    def field(found: re.Match[str]) -> str:
        nonlocal position
        letter = found["letter"]
        if letter in {"%", "n"}:
            return "%" if letter == "%" else "\n"
        if letter is None:
            raise ExpressionError("A `%` stands alone.", hint="Write `%%` for the sign itself.")
        index = int(found["index"]) - 1 if found["index"] else position
        position += not found["index"]
        if not 0 <= index < len(arguments):
            raise ExpressionError(f"The field `{found.group()}` has no argument.")
        return _show(found, arguments[index], limits)

    return _FIELD.sub(field, text)


def _show(found: re.Match[str], value: Value, limits: Limits) -> str:
    letter, flags = found["letter"], found["flags"]
    width = int(found["width"] or 0)
    digits = int(found["digits"]) if found["digits"] else -1
    if max(width, digits) > _WIDEST:
        raise ExpressionError(f"A field is at most {_WIDEST} characters wide.")
    shown = _convert(letter.lower(), flags, digits, value, limits)
    shown = shown.upper() if letter.isupper() else shown
    if "-" in flags:
        return shown.ljust(width)
    if "0" in flags and letter not in "sScCbB":
        sign = shown[:1] if shown[:1] in {"-", "+", " "} else ""
        return sign + shown[len(sign) :].rjust(width - len(sign), "0")
    return shown.rjust(width)


def _convert(letter: str, flags: str, digits: int, value: Value, limits: Limits) -> str:
    plus = "+" if "+" in flags else " " if " " in flags else ""
    comma = "," if "," in flags else ""
    match letter:
        case "s" | "c":
            text = "null" if value is None else to_text(value, limits)
            return text if digits < 0 else text[:digits]
        case "b":
            return "true" if value is not None and value is not False else "false"
        case "d" | "x" | "o":
            number = number_of(value, f"%{letter}")
            if not isinstance(number, int):
                raise ExpressionError(f"The field `%{letter}` needs an integer.")
            return format(number, f"{plus}{comma}{letter}")
        case "f" | "e":
            number = float(number_of(value, f"%{letter}"))
            return format(number, f"{plus}{comma}.{6 if digits < 0 else digits}{letter}")
    raise ExpressionError(f"The filter `format` has no field `%{letter}`.")
