"""Tokens over HTTP."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from penstock.api import paging
from penstock.api.access import (
    Caller,
    Change,
    JsonBody,
    Services,
    if_match,
    if_none_match_any,
)
from penstock.api.answer import Answer, declared
from penstock.api.document import answers, body
from penstock.api.paging import Cursor, Limit
from penstock.api.shape import page_of, ref
from penstock.service import token

router = APIRouter(prefix="/tokens", tags=["tokens"])
_THING = ref("Token")


@router.post(
    "",
    openapi_extra=body(ref("NewTokenSpec")),
    **answers(ref("NewToken"), 409, 413, status=201),
)
def create_token(services: Services, change: Change, spec: JsonBody) -> Response:
    """Makes a token; its text is in this answer and never again."""
    return Answer(token.create(services, change, spec), status_code=201)


@router.get("", **answers(page_of(_THING)))
def list_tokens(
    services: Services, caller: Caller, cursor: Cursor = None, limit: Limit = 100
) -> Response:
    """Lists tokens by name, without their texts."""
    items, following = token.page(services, caller, after=paging.decode_text(cursor), limit=limit)
    return Answer({"items": items, "nextCursor": paging.encode(following)})


@router.get("/{name}", **answers(_THING, 304))
def get_token(services: Services, caller: Caller, name: str, request: Request) -> Response:
    """Reads what is known of a token, without its text."""
    return declared(request, token.get(services, caller, name))


@router.put(
    "/{name}",
    openapi_extra=body(ref("TokenSpec")),
    **answers(_THING, 409, 412, 413, also=201),
)
def put_token(
    services: Services, change: Change, *, name: str, spec: JsonBody, request: Request
) -> Response:
    """Creates or replaces a token with a text of the caller's; the same twice writes nothing."""
    form, is_new = token.put(
        services,
        change,
        name,
        body=spec,
        match=if_match(request),
        only_new=if_none_match_any(request),
    )
    return declared(request, form, status=201 if is_new else 200)


@router.delete("/{name}", **answers(None, 409, 412, status=204))
def delete_token(services: Services, change: Change, name: str, request: Request) -> Response:
    """Revokes a token at once."""
    token.delete(services, change, name, if_match(request))
    return Response(status_code=204)
