"""Finds what `penstock_test` could manage."""

from __future__ import annotations

from penstock_provider.declared_list import DeclaredList, list_schema
from penstock_provider.resources.test import Test


class TestList(DeclaredList):
    """Lists tests of flows."""

    resource = Test
    route = "/tests"
    schema = list_schema("tests of flows")
