"""The function `secret`."""

from __future__ import annotations

import orjson
from sqlalchemy import Connection

from penstock.expression.catalogue import named
from penstock.expression.error import ExpressionError
from penstock.expression.value import Value
from penstock.model.frozen import Json
from penstock.runtime.function._reach import Reach, text
from penstock.service.isolation import NamespaceDenied
from penstock.store import secret as secret_store
from penstock.store.declared import ancestors


@named("secret")
def secret(reach: Reach, key: Value, namespace: Value = None, subkey: Value = None) -> Value:
    """A secret's value, of the flow's namespace or the nearest above it. It is masked in logs.

    Args:
        reach: what the execution reaches.
        key (text): the name of the secret.
        namespace (text): where to begin; the flow's when left out.
        subkey (text): a part of a secret that is a JSON object.
    """
    start = reach.execution
    name, space = text("secret", "key", key), start.namespace
    if namespace is not None:
        space = text("secret", "namespace", namespace)
    with reach.world.database.read() as tx:
        if space != start.namespace:
            _check(reach, tx, space=space, key=name)
        value = reach.world.secrets.read(tx, start.tenant, space, name)
    if value is None:
        raise ExpressionError(
            f"There is no secret '{name}' in the namespace '{space}' or above it. "
            f"Set it with `penstock secret put {space}/{name}`."
        )
    reach.masker.taint(value)
    if subkey is None:
        return value
    part = _part(name, value, text("secret", "subkey", subkey))
    reach.masker.taint(part)
    return part


def _check(reach: Reach, tx: Connection, *, space: str, key: str) -> None:
    """Both the namespace that is named and the one above it that holds the key must allow it."""
    user, isolation = reach.execution, reach.world.isolation
    holders = secret_store.holders(tx, user.tenant, key)
    holder = next((name for name in ancestors(space) if name in holders), space)
    for target in dict.fromkeys((space, holder)):
        try:
            isolation.check(tx, user.tenant, user.namespace, target=target, what="secrets")
        except NamespaceDenied as error:
            raise ExpressionError(error.message) from None


def _part(name: str, value: str, subkey: str) -> str:
    try:
        document: Json = orjson.loads(value)
    except orjson.JSONDecodeError:
        raise ExpressionError(
            f"The secret '{name}' is not JSON, so it has no part '{subkey}'."
        ) from None
    if not isinstance(document, dict) or subkey not in document:
        raise ExpressionError(f"The secret '{name}' has no part '{subkey}'.")
    part = document[subkey]
    return part if isinstance(part, str) else orjson.dumps(part).decode()
