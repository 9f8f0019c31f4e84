"""The functions `fetchContext` and `printContext`."""

from __future__ import annotations

import orjson

from penstock.expression.catalogue import named
from penstock.expression.scope import Scope, with_scope
from penstock.expression.value import Value, to_json
from penstock.model.frozen import Json
from penstock.runtime.function._reach import Reach


@named("fetchContext")
@with_scope
def fetch_context(reach: Reach, scope: Scope) -> Value:
    """Everything that expressions see here, as a map; secrets in it are hidden.

    Args:
        reach: what the execution reaches.
        scope: that of the rendering.
    """
    seen: Json = orjson.loads(to_json(dict(scope.variables), scope.limits))
    return reach.masker.value(seen)


@named("printContext")
@with_scope
def print_context(reach: Reach, scope: Scope) -> Value:
    """Everything that expressions see here, as JSON; secrets in it are hidden.

    Args:
        reach: what the execution reaches.
        scope: that of the rendering.
    """
    return to_json(fetch_context(reach, scope), scope.limits)
