"""Data source `penstock_tenant`: a tenant that somebody else declares."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.framework.values import STRING, map_of
from penstock_provider.lookup import Fields
from penstock_provider.lookup_single import LookUpSingle, single


class Tenant(LookUpSingle):
    """Looks a tenant up."""

    kind = "tenant"
    collection = "/tenants"
    named = "tenant"
    fields: ClassVar[Fields] = {
        "description": (STRING, "What the tenant is for."),
        "labels": (map_of(STRING), "Labels of the tenant."),
    }
    schema = single(
        "A tenant of the server. The provider's token must be of scope `server`.",
        kind,
        named=named,
        fields=fields,
    )
