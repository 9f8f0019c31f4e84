"""Tokens over HTTP."""

from __future__ import annotations

from fastapi import APIRouter, Response

from penstock.api import paging
from penstock.api.access import Caller, JsonBody, Services
from penstock.api.answer import Answer
from penstock.api.document import answers, body
from penstock.api.paging import Cursor, Limit
from penstock.api.shape import page_of, ref
from penstock.service import token

router = APIRouter(prefix="/tokens", tags=["tokens"])


@router.post(
    "",
    openapi_extra=body(ref("TokenSpec")),
    **answers(ref("NewToken"), 409, 413, status=201),
)
def create_token(services: Services, caller: Caller, spec: JsonBody) -> Response:
    """Makes a token; its text is in this answer and never again."""
    return Answer(token.create(services, caller, spec), status_code=201)


@router.get("", **answers(page_of(ref("Token"))))
def list_tokens(
    services: Services, caller: Caller, cursor: Cursor = None, limit: Limit = 100
) -> Response:
    """Lists tokens by name, without their texts."""
    after = paging.decode_texts(cursor, 1)
    items, following = token.page(
        services, caller, after=None if after is None else after[0], limit=limit
    )
    cursor = paging.encode(None if following is None else (following,))
    return Answer({"items": items, "nextCursor": cursor})


@router.delete("/{name}", **answers(None, status=204))
def delete_token(services: Services, caller: Caller, name: str) -> Response:
    """Revokes a token at once."""
    token.delete(services, caller, name)
    return Response(status_code=204)
