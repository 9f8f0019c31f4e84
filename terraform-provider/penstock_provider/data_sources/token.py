"""Data source `penstock_token`: what is known of a token, never its text."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.framework.values import STRING
from penstock_provider.lookup import Fields
from penstock_provider.lookup_single import LookUpSingle, single


class Token(LookUpSingle):
    """Looks a token up."""

    kind = "token"
    collection = "/tokens"
    named = "name"
    fields: ClassVar[Fields] = {
        "description": (STRING, "What the token is for."),
        "access": (STRING, "`write`, or `read` only to read and to plan."),
        "scope": (STRING, "How far it reaches: `tenant`, or `server` for all of them."),
        "prefix": (STRING, "The text's first characters, to tell tokens apart."),
        "fingerprint": (STRING, "Keyed hash of the text; changes when the text does."),
        "expires_at": (STRING, "From when on it is void; null for never."),
        "value_version": (STRING, "Version of the text where it comes from."),
        "created_by": (STRING, "Who made it."),
    }
    schema = single(
        "A token of the provider's tenant, without its text.", kind, named=named, fields=fields
    )
