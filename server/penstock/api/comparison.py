"""Compares secrets with given values, without giving any back."""

from __future__ import annotations

from fastapi import APIRouter, Response

from penstock.api.access import Caller, JsonBody, Services
from penstock.api.answer import Answer
from penstock.api.document import answers, body
from penstock.api.shape import FLAG, TEXT, items_of, list_of, thing
from penstock.service import secret

router = APIRouter(tags=["secrets"])
_ASKED = thing(items=list_of(thing(namespace=TEXT, key=TEXT, value=TEXT)))
_TOLD = thing(namespace=TEXT, key=TEXT, equal=FLAG, exists=FLAG, fingerprint=TEXT)


@router.post("/secrets:compare", openapi_extra=body(_ASKED), **answers(items_of(_TOLD), 413))
def compare_secrets(services: Services, caller: Caller, wanted: JsonBody) -> Response:
    """Says whether values are the stored ones; every call is audited."""
    return Answer({"items": secret.compare(services, caller, wanted)})
