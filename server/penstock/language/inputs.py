"""Turns what a caller gives into the inputs that a flow declares."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import orjson

from penstock.errors import InvalidInputs
from penstock.expression import ExpressionError
from penstock.language.found import found, quoted
from penstock.language.shape import nearest_name
from penstock.model.frozen import Json
from penstock.model.input import (
    BoolInput,
    FloatInput,
    Input,
    IntInput,
    JsonInput,
    SelectInput,
    StringInput,
)
from penstock.model.problem import Problem, Severity

_INT32 = 2**31
_MISSING = object()


class _Unfit(Exception):
    """The value does not fit; the text is the cause."""


def resolve_inputs(
    inputs: Sequence[Input], given: Mapping[str, Json], render: Callable[[Json], Json]
) -> dict[str, Json]:
    """Values of all declared inputs by id, `a.b` as a map within a map.

    Defaults are rendered and taken where nothing is given; an input that is not required and not
    given is null. What is given without being declared is left out (`unknown_inputs` names it).

    Raises:
        InvalidInputs: with one problem for each input that is missing or does not fit.
    """
    values: dict[str, Json] = {}
    problems: list[Problem] = []
    for declared in inputs:
        try:
            value = _value(declared, _given(given, declared.id), render)
        except (_Unfit, ExpressionError) as error:
            cause = error.message if isinstance(error, ExpressionError) else str(error)
            problems.append(
                _problem(declared, f"Invalid value for input `{declared.id}`. Cause: {cause}")
            )
            continue
        if value is None and declared.required:
            problems.append(_problem(declared, f"Missing required input:{declared.id}"))
        _put(values, declared.id, value)
    if problems:
        message = "\n".join(problem.message for problem in problems)
        raise InvalidInputs(message, problems=problems)
    return values


def unknown_inputs(inputs: Sequence[Input], given: Mapping[str, Json]) -> tuple[Problem, ...]:
    """A warning for each given input that the flow does not declare."""
    known = {declared.id for declared in inputs}
    groups = {name.partition(".")[0] for name in known if "." in name}
    warnings: list[Problem] = []
    for name in given:
        if name in known or name in groups:
            continue
        near = nearest_name(name, known)
        warnings.append(
            Problem(
                f"The flow declares no input `{name}`; it is ignored.",
                path=f"inputs.{name}",
                code="unknown-input",
                hint=f"Did you mean `{near}`?" if near else None,
                severity=Severity.WARNING,
            )
        )
    return tuple(warnings)


def _problem(declared: Input, message: str) -> Problem:
    missing = message.startswith("Missing")
    return Problem(
        message,
        path=f"inputs.{declared.id}",
        code="missing-input" if missing else "invalid-input",
        hint=f"It takes {_takes(declared)}."
        + (f" {declared.description}" if declared.description else ""),
    )


def _takes(declared: Input) -> str:
    match declared:
        case StringInput():
            return "a text"
        case IntInput():
            return "a whole number such as `3`"
        case FloatInput():
            return "a number such as `0.5`"
        case BoolInput():
            return "`true` or `false`"
        case JsonInput():
            return 'a JSON value such as `{"a": 1}`'
        case SelectInput():
            return f"one of {', '.join(f'`{choice}`' for choice in declared.choices())}"


def _given(given: Mapping[str, Json], name: str) -> Json | object:
    if name in given:
        return given[name]
    value: object = given
    for step in name.split("."):
        if not isinstance(value, Mapping) or step not in value:
            return _MISSING
        value = value[step]
    return value


def _put(values: dict[str, Json], name: str, value: Json) -> None:
    *groups, last = name.split(".")
    for group in groups:
        inner = values.setdefault(group, {})
        if not isinstance(inner, dict):
            return
        values = inner
    values[last] = value


def _value(declared: Input, given: Json | object, render: Callable[[Json], Json]) -> Json:
    value = given
    if (
        value is _MISSING
        or value is None
        or (value == "" and not isinstance(declared, StringInput))
    ):
        if declared.defaults is None:
            return None
        value = render(declared.defaults)
    return _cast(declared, cast("Json", value))


def _cast(declared: Input, value: Json) -> Json:
    match declared:
        case StringInput():
            return _string(declared, value)
        case IntInput():
            return _bounded(_int(value), declared.min, declared.max)
        case FloatInput():
            return _bounded(_float(value), declared.min, declared.max)
        case BoolInput():
            return value if isinstance(value, bool) else _text(value).strip().lower() == "true"
        case JsonInput():
            return _json(value)
        case SelectInput():
            return _choice(declared, value)


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise _Unfit(f"expected a text, found {found(value)}")


def _string(declared: StringInput, value: Json) -> str:
    text = _text(value)
    if declared.validator is not None and not re.fullmatch(declared.validator, text):
        raise _Unfit(f"it must match the pattern `{declared.validator}`")
    return text


def _int(value: Json) -> int:
    if isinstance(value, str) and re.fullmatch(r"[-+]?[0-9]{1,18}", value.strip()):
        value = int(value)
    if isinstance(value, float) and value == (whole := math.trunc(value)):
        value = whole
    if isinstance(value, bool) or not isinstance(value, int):
        raise _Unfit(_unreadable(value))
    if not -_INT32 <= value < _INT32:
        raise _Unfit(f"the number {value} does not fit in 32 bits")
    return value


def _float(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise _Unfit(_unreadable(value))
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise _Unfit(_unreadable(value)) from None
    if not math.isfinite(number):
        raise _Unfit("the number must be finite")
    return number


def _unreadable(value: Json) -> str:
    if isinstance(value, str):
        return f'For input string: "{quoted(value)}"'
    return f"expected a number, found {found(value)}"


def _bounded(value: float, low: float | None, high: float | None) -> int | float:
    if low is not None and value < low:
        raise _Unfit(f"it must be more than `{low}`")
    if high is not None and value > high:
        raise _Unfit(f"it must be less than `{high}`")
    return value


def _json(value: Json) -> Json:
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise _Unfit(f"Invalid JSON content: {error}") from None


def _choice(declared: SelectInput, value: Json) -> str:
    text = _text(value)
    choices = declared.choices()
    if text not in choices and not declared.allow_custom_value:
        raise _Unfit(f"it must match the values `[{', '.join(choices)}]`")
    return text
