"""Data source `penstock_tokens`: the tokens of a tenant."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.framework.values import STRING
from penstock_provider.lookup import Fields
from penstock_provider.lookup_single import SingleListing, singles


class Tokens(SingleListing):
    """Lists tokens."""

    collection = "/tokens"
    plural = "tokens"
    identity = "name"
    fields: ClassVar[Fields] = {
        "description": (STRING, "What the token is for."),
        "access": (STRING, "`write` or `read`."),
        "scope": (STRING, "`tenant` or `server`."),
        "expires_at": (STRING, "From when on it is void."),
        "created_by": (STRING, "Who made it."),
    }
    schema = singles(
        "Tokens of the provider's tenant, without their texts.",
        "token",
        plural=plural,
        fields=fields,
    )
