"""Calls filters and functions, and says which argument is missing or too much."""

import inspect
import re

from penstock.expression.catalogue import GIVEN
from penstock.expression.error import ExpressionError, nearest
from penstock.expression.value import Function, Value

_WORD = re.compile(r"_([a-z0-9])")


def camel(name: str) -> str:
    """`error_on_missing` as `errorOnMissing`."""
    return _WORD.sub(lambda found: found.group(1).upper(), name.rstrip("_"))


def invoke(
    kind: str, name: str, function: Function, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    """Calls a filter or function by its name in templates.

    Raises:
        ExpressionError: the arguments do not fit, or a value cannot be used.
    """
    try:
        return function(*args, **kwargs)
    except ExpressionError:
        raise
    except TypeError as error:
        misfit = _misfit(kind, name, function, args, kwargs)
        if misfit is not None:
            raise misfit from None
        raise _failed(kind, name, error) from error
    except (ValueError, ArithmeticError, LookupError, RecursionError, AttributeError) as error:
        raise _failed(kind, name, error) from error


def _failed(kind: str, name: str, error: Exception) -> ExpressionError:
    reason = str(error).rstrip(".") or type(error).__name__
    return ExpressionError(f"The {kind} `{name}` failed: {reason}.")


def _misfit(
    kind: str, name: str, function: Function, args: list[Value], kwargs: dict[str, Value]
) -> ExpressionError | None:
    signature = inspect.signature(function)
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        pass
    else:
        return None
    parameters = [
        parameter
        for parameter in signature.parameters.values()
        if parameter.kind in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}
        and parameter.name not in GIVEN
    ]
    known = [parameter.name for parameter in parameters]
    for given in kwargs:
        if given not in known:
            near = nearest(given, known)
            hint = f"Did you mean '{camel(near)}'?" if near else ""
            return ExpressionError(
                f"The '{name}' {kind} has no argument '{camel(given)}'.", hint=hint
            )
    for position, parameter in enumerate(signature.parameters.values()):
        is_missing = position >= len(args) and parameter.name not in kwargs
        if is_missing and parameter.default is parameter.empty and parameter in parameters:
            return ExpressionError(
                f"The '{name}' {kind} expects an argument '{camel(parameter.name)}'."
            )
    return ExpressionError(f"The '{name}' {kind} does not take so many arguments.")
