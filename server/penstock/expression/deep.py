"""Renders everything within a value."""

from collections.abc import Mapping

from penstock.expression.operator import is_empty
from penstock.expression.scope import Scope
from penstock.expression.template import compile_template, has_expression
from penstock.expression.value import Value, to_text, weigh

_FALSY = {"false", "0", "-0"}


def render_deep(value: Value, scope: Scope, *, typed: bool = False) -> Value:
    """The value with every text in it rendered, keys of maps too.

    Args:
        value: a text, or lists and maps of them; anything else is returned as it is.
        scope: what the texts may see.
        typed: whether a text which is one expression becomes that expression's value.

    When two keys are equal after rendering the first one stays.
    """
    if isinstance(value, (Mapping, list, tuple)):
        scope.limits.check_size(weigh(value))
    return _render(value, scope, typed=typed)


def _render(value: Value, scope: Scope, *, typed: bool) -> Value:
    if isinstance(value, str):
        if not has_expression(value):
            return value
        template = compile_template(value)
        return template.evaluate(scope) if typed else template.render(scope)
    if isinstance(value, Mapping):
        result: dict[str, Value] = {}
        for key, item in value.items():
            name = to_text(_render(key, scope, typed=False))
            if name not in result:
                result[name] = _render(item, scope, typed=typed)
        return result
    if isinstance(value, (list, tuple)):
        return [_render(item, scope, typed=typed) for item in value]
    return value


def is_truthy(value: Value) -> bool:
    """The rule of `runIf`: false, 0, -0 and blank text do not hold, everything else does."""
    if is_empty(value):
        return False
    return to_text(value).strip() not in _FALSY
