"""The function `kv`."""

from __future__ import annotations

from penstock.errors import NotFound
from penstock.expression import is_truthy
from penstock.expression.catalogue import named
from penstock.expression.error import ExpressionError
from penstock.expression.value import Value
from penstock.runtime.function._reach import Reach, text
from penstock.service.isolation import NamespaceDenied


@named("kv")
def kv(
    reach: Reach,
    key: Value,
    namespace: Value = None,
    error_on_missing: Value = True,  # noqa: FBT002 - templates give it by position too
) -> Value:
    """The value of a key (see `penstock kv`), of the flow's namespace or the nearest above it.

    Args:
        reach: what the execution reaches.
        key (text): the key.
        namespace (text): exactly where; no namespace above it is looked into then.
        error_on_missing (boolean): whether a key that is not there, or has expired, is an error;
            otherwise it is null.
    """
    name = text("kv", "key", key)
    space = None if namespace is None else text("kv", "namespace", namespace)
    try:
        return reach.pairs.read(name, space)
    except NamespaceDenied as error:
        raise ExpressionError(error.message) from None
    except NotFound as error:
        if is_truthy(error_on_missing):
            raise ExpressionError(error.message) from None
        return None
