"""Names that Terraform sees: stable, readable, never two objects under one."""

from __future__ import annotations

import hashlib
import re

_PLAIN_NAMESPACE = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)*")
_PLAIN_ID = re.compile(r"(?!.*__)[A-Za-z0-9-]([A-Za-z0-9_-]*[A-Za-z0-9-])?")


def terraform_name(namespace: str, identifier: str | None = None) -> str:
    """Returns the Terraform name of an object, from nothing but its own identity.

    `shop.analytics` becomes `shop_analytics`, with an id `shop_analytics__orders_daily`. Moving or
    renaming a file changes nothing. A name that another one could also produce (an underscore in a
    namespace, a dot in an id) gets eight hexadecimal digits of its hash appended.
    """
    plain = _PLAIN_NAMESPACE.fullmatch(namespace) is not None
    name = re.sub(r"[^A-Za-z0-9_-]", "_", namespace)
    if identifier is not None:
        plain = plain and _PLAIN_ID.fullmatch(identifier) is not None
        name += "__" + re.sub(r"[^A-Za-z0-9_-]", "_", identifier)
    if plain:
        return name
    exact = f"{namespace}/{identifier or ''}"
    return f"n_{name}_{hashlib.sha256(exact.encode()).hexdigest()[:8]}"
