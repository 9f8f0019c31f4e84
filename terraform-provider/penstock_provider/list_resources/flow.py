"""Finds what `penstock_flow` could manage."""

from __future__ import annotations

from penstock_provider.declared_list import DeclaredList, list_schema
from penstock_provider.resources.flow import Flow


class FlowList(DeclaredList):
    """Lists flows."""

    resource = Flow
    route = "/flows"
    schema = list_schema("flows")
