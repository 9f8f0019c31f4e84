"""The functions `max`, `min` and `range`."""

from collections.abc import Sequence

from penstock.expression import operator
from penstock.expression.catalogue import named
from penstock.expression.error import ExpressionError
from penstock.expression.scope import Scope, with_scope
from penstock.expression.value import Value


def _extreme(name: str, values: Sequence[Value], sign: int) -> Value:
    if not values:
        raise ExpressionError(f"The '{name}' function expects at least one argument.")
    items: Sequence[Value] = values
    if len(values) == 1 and isinstance(values[0], (list, tuple)):
        items = values[0]
    best: Value = None
    for value in items:
        if best is None:
            best = value
            continue
        order = operator.order(value, best, name)
        if order is not None and order * sign > 0:
            best = value
    return best


@named("max")
def largest(*values: Value) -> Value:
    """The largest, of the arguments or of one list.

    Args:
        values (number or text): what is compared; null is left out.

    Example:
        {{ max(3, 10, 7) }} → 10
    """
    return _extreme("max", values, 1)


@named("min")
def smallest(*values: Value) -> Value:
    """The smallest, of the arguments or of one list.

    Args:
        values (number or text): what is compared; null is left out.

    Example:
        {{ min([3, 1]) }} → 1
    """
    return _extreme("min", values, -1)


@named("range")
@with_scope
def span(scope: Scope, start: Value, end: Value, increment: Value = 1) -> Value:
    """Numbers or letters from one to another, both ends included.

    Args:
        scope: that of the rendering.
        start (integer or text): the first.
        end (integer or text): the last.
        increment (integer): the step.

    Example:
        {{ range(0, 10, 5) }} → [0,5,10]
    """
    return operator.span(start, end, increment, scope.limits)
