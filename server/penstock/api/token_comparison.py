"""Compares tokens with given texts, without giving any back."""

from __future__ import annotations

from fastapi import APIRouter, Response

from penstock.api.access import Caller, JsonBody, Services
from penstock.api.answer import Answer
from penstock.api.document import answers, body
from penstock.api.shape import FLAG, TEXT, items_of, list_of, thing
from penstock.service import token

router = APIRouter(tags=["tokens"])
_ASKED = thing(items=list_of(thing(name=TEXT, value=TEXT)))
_TOLD = thing(name=TEXT, equal=FLAG, exists=FLAG, fingerprint=TEXT)


@router.post("/tokens:compare", openapi_extra=body(_ASKED), **answers(items_of(_TOLD), 413))
def compare_tokens(services: Services, caller: Caller, wanted: JsonBody) -> Response:
    """Says whether texts are those of the tokens; every call is audited."""
    return Answer({"items": token.compare(services, caller, wanted)})
