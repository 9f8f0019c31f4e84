"""Evidence over HTTP: what a promotion asks."""

from __future__ import annotations

from fastapi import APIRouter, Response

from penstock.api.access import Caller, JsonBody, Services, changes_nothing
from penstock.api.answer import Answer
from penstock.api.document import answers, body
from penstock.api.shape import TEXT, items_of, list_of, ref, thing
from penstock.service import evidence

router = APIRouter(tags=["evidence"])
_ASKED = thing(flows=list_of(thing(namespace=TEXT, id=TEXT, contentHash=TEXT)))


@router.post(
    "/evidence:read", openapi_extra=body(_ASKED), **answers(items_of(ref("Evidence")), 413)
)
@changes_nothing
def read_evidence(services: Services, caller: Caller, wanted: JsonBody) -> Response:
    """Counts the finished executions of exactly the given contents of flows."""
    return Answer({"items": evidence.read(services, caller, wanted)})
