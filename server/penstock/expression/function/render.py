"""The functions `render` and `renderOnce`."""

from penstock.expression.catalogue import named
from penstock.expression.error import ExpressionError, LimitError
from penstock.expression.scope import Scope, with_scope
from penstock.expression.value import Value

_PASSES = 100
_NESTING = 16


@named("render")
@with_scope
def render(scope: Scope, to_render: Value, recursive: Value = True) -> Value:  # noqa: FBT002 - as templates call it
    """The text with its expressions computed, again and again until none is left.

    At most 100 passes, and 16 calls within each other. Lists and maps are rendered deeply.

    Args:
        scope: that of the rendering.
        to_render (text, list or map): what holds expressions.
        recursive (boolean): `false` for one pass, as `renderOnce`.

    Example:
        {{ render(vars.table) }} → orders_1200
    """
    result = render_once(scope, to_render)
    for _ in range(_PASSES if recursive else 0):
        again = render_once(scope, result)
        if again == result:
            return result
        result = again
    if recursive:
        raise ExpressionError(
            f"The 'render' function still finds expressions after {_PASSES} passes."
        )
    return result


@named("renderOnce")
@with_scope
def render_once(scope: Scope, to_render: Value) -> Value:
    """The text with its expressions computed, in one pass.

    Args:
        scope: that of the rendering.
        to_render (text, list or map): what holds expressions.

    Example:
        {{ renderOnce(vars.table) }} → orders_1200
    """
    from penstock.expression.deep import render_deep  # noqa: PLC0415 - it renders templates

    meter = scope.meter
    if meter is None:
        return render_deep(to_render, scope)
    if meter.renders >= _NESTING:
        raise LimitError(
            f"The 'render' function calls itself more than {_NESTING} levels deep.",
            hint="Look for a variable whose `render` leads back to it.",
        )
    meter.renders += 1
    try:
        return render_deep(to_render, scope)
    finally:
        meter.renders -= 1
