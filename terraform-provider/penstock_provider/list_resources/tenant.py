"""Finds what `penstock_tenant` could manage."""

from __future__ import annotations

from penstock_provider.api import Json
from penstock_provider.declared import string
from penstock_provider.declared_list import DeclaredList
from penstock_provider.framework.schema import Schema
from penstock_provider.reference import Reference
from penstock_provider.resources.tenant import Tenant


class TenantList(DeclaredList):
    """Lists tenants."""

    resource = Tenant
    route = "/tenants"
    schema = Schema("The tenants, whoever declares them; for tokens of scope `server`.", {})

    def reference(self, form: Json) -> Reference:
        """The tenant by its name."""
        return Reference("tenant", string(form.get("id")))
