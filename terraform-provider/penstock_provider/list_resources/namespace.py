"""Finds what `penstock_namespace` could manage."""

from __future__ import annotations

from penstock_provider.declared_list import DeclaredList, list_schema
from penstock_provider.resources.namespace import Namespace


class NamespaceList(DeclaredList):
    """Lists namespaces."""

    resource = Namespace
    route = "/namespaces"
    schema = list_schema("namespaces", of="this namespace")
