"""Finds what `penstock_secret` could manage."""

from __future__ import annotations

from penstock_provider.declared_list import DeclaredList, list_schema
from penstock_provider.resources.secret import Secret


class SecretList(DeclaredList):
    """Lists secrets."""

    resource = Secret
    route = "/secrets"
    schema = list_schema("secrets")
