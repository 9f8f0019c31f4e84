"""Data source `penstock_tenants`: the tenants of a server."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.framework.values import STRING, map_of
from penstock_provider.lookup import Fields
from penstock_provider.lookup_single import SingleListing, singles


class Tenants(SingleListing):
    """Lists tenants."""

    collection = "/tenants"
    plural = "tenants"
    identity = "id"
    fields: ClassVar[Fields] = {
        "description": (STRING, "What the tenant is for."),
        "labels": (map_of(STRING), "Labels of the tenant."),
    }
    schema = singles(
        "Tenants of the server. The provider's token must be of scope `server`.",
        "tenant",
        plural=plural,
        fields=fields,
    )
