"""Finds what `penstock_token` could manage."""

from __future__ import annotations

from penstock_provider.api import Json
from penstock_provider.declared import string
from penstock_provider.declared_list import DeclaredList
from penstock_provider.framework.schema import Schema
from penstock_provider.reference import Reference
from penstock_provider.resources.token import Token


class TokenList(DeclaredList):
    """Lists tokens."""

    resource = Token
    route = "/tokens"
    schema = Schema("The tokens, whoever declares them; what they are is told to nobody.", {})

    def reference(self, form: Json) -> Reference:
        """The token by its name."""
        return Reference("token", string(form.get("name")))
