"""Finds what `penstock_kv` could manage."""

from __future__ import annotations

from penstock_provider.declared_list import DeclaredList, list_schema
from penstock_provider.resources.kv import Kv


class KvList(DeclaredList):
    """Lists key-value pairs."""

    resource = Kv
    route = "/kv"
    schema = list_schema("key-value pairs")
