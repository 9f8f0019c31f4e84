"""Namespaces over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from penstock.api.collection import Collection

router = APIRouter(prefix="/namespaces", tags=["namespaces"])
_namespaces = Collection(router, "namespace", "Namespace")
_namespaces.add_list("Lists the declared namespaces by name.")
_namespaces.add_get("Reads a namespace.")
_namespaces.add_put("Creates or replaces a namespace; the same body twice writes nothing.")
_namespaces.add_delete("Removes a namespace in which nothing is left.")
