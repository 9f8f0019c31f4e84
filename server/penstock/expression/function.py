"""Built-in functions; all of them pure."""

from collections.abc import Sequence
from typing import cast

import yaml

from penstock.expression import operator
from penstock.expression.calendar import CALENDAR
from penstock.expression.error import ExpressionError, LimitError
from penstock.expression.filter.date import show
from penstock.expression.moment import zone_of
from penstock.expression.scope import Scope, with_scope
from penstock.expression.value import Function, Value, from_json, type_name

_PASSES = 100
_LONGEST_YAML = 1_000_000


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


def _max(*values: Value) -> Value:
    return _extreme("max", values, 1)


def _min(*values: Value) -> Value:
    return _extreme("min", values, -1)


@with_scope
def _range(scope: Scope, start: Value, end: Value, increment: Value = 1) -> Value:
    return operator.span(start, end, increment, scope.limits)


def _from_json(json: Value) -> Value:
    if json is None:
        return None
    if isinstance(json, bytes):
        json = json.decode()
    if not isinstance(json, str):
        raise ExpressionError(f"The 'fromJson' function reads a text, not {type_name(json)}.")
    return from_json(json)


def parse_yaml(yaml_text: Value) -> Value:
    """The value of a YAML text; dates stay texts.

    Raises:
        ExpressionError: it is not YAML.
    """
    if yaml_text is None:
        return None
    if not isinstance(yaml_text, str):
        raise ExpressionError(f"The 'yaml' function reads a text, not {type_name(yaml_text)}.")
    if len(yaml_text) > _LONGEST_YAML:
        raise LimitError(f"The 'yaml' function reads at most {_LONGEST_YAML:,} characters.")
    try:
        return yaml.load(yaml_text, Loader=_PlainLoader)  # noqa: S506 - derives from SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else "it cannot be read"
        raise ExpressionError(f"The text is not YAML: {reason}.") from None


_PlainLoader = cast(
    "type[yaml.SafeLoader]",
    type(
        "PlainLoader",
        (yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader,),
        {
            "yaml_implicit_resolvers": {
                first: [rule for rule in rules if not rule[0].endswith(":timestamp")]
                for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
            }
        },
    ),
)


@with_scope
def _render(scope: Scope, to_render: Value, recursive: Value = True) -> Value:  # noqa: FBT002 - as templates call it
    result = _render_once(scope, to_render)
    for _ in range(_PASSES if recursive else 0):
        again = _render_once(scope, result)
        if again == result:
            return result
        result = again
    if recursive:
        raise ExpressionError(
            f"The 'render' function still finds expressions after {_PASSES} passes."
        )
    return result


@with_scope
def _render_once(scope: Scope, to_render: Value) -> Value:
    from penstock.expression.deep import render_deep  # noqa: PLC0415 - it renders templates

    return render_deep(to_render, scope)


@with_scope
def _now(
    scope: Scope,
    format: Value = "iso",  # noqa: A002 - its public name
    time_zone: Value = None,
    existing_format: Value = None,
    locale: Value = None,
) -> Value:
    del existing_format
    if scope.now is None:
        raise ExpressionError("The 'now' function has no clock here.")
    return show(scope.now, zone_of(time_zone), format, locale)


BUILTINS: dict[str, Function] = {
    "max": _max,
    "min": _min,
    "range": _range,
    "fromJson": _from_json,
    "json": _from_json,
    "yaml": parse_yaml,
    "render": _render,
    "renderOnce": _render_once,
    "now": _now,
    **CALENDAR,
}
