"""The function `env`."""

from collections.abc import Mapping

from penstock.expression.catalogue import named
from penstock.expression.error import ExpressionError, nearest
from penstock.expression.scope import Scope, with_scope
from penstock.expression.value import Value, to_text


@named("env")
@with_scope
def env(scope: Scope, name: Value, default: Value = None) -> Value:
    """The server's environment variable `ENV_<NAME>`, as `envs.<name>` has it.

    Args:
        scope: that of the rendering.
        name (text): the name, with or without `ENV_`, in any case.
        default (any): what is given when there is none; without it that is an error.

    Example:
        {{ env('REGION', 'eu') }} → eu
    """
    known = scope.variables.get("envs")
    names = known if isinstance(known, Mapping) else {}
    key = to_text(name).lower().removeprefix("env_")
    if key in names:
        return names[key]
    if default is not None:
        return default
    near = nearest(key, names)
    raise ExpressionError(
        f"There is no environment variable `ENV_{key.upper()}`.",
        hint=f"Did you mean `{near}`?" if near else "Give a default: `env('X', 'none')`.",
    )
