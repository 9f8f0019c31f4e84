"""Secrets over HTTP: values go in, never out."""

from __future__ import annotations

from fastapi import APIRouter

from penstock.api.collection import Collection

router = APIRouter(prefix="/secrets", tags=["secrets"])
_secrets = Collection(router, "secret", "Secret")
_secrets.add_list("Lists secrets by namespace and key, without values.")
_secrets.add_get("Reads what is known of a secret, without its value.")
_secrets.add_put("Creates or replaces a secret; the same value twice writes nothing.")
_secrets.add_delete("Removes a secret that no flow reads.")
