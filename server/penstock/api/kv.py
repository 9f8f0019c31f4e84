"""Key-value pairs over HTTP."""

from __future__ import annotations

import orjson
from fastapi import APIRouter, Request, Response

from penstock.api import declaration
from penstock.api.access import Caller, Change, RawBody, Services, parse_json
from penstock.api.answer import Answer, declared
from penstock.api.document import answers, body
from penstock.api.paging import Cursor, Limit, Namespace
from penstock.api.problem import invalid
from penstock.api.shape import items_of, page_of, ref
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.service import kv, state
from penstock.service.objectset import Reference

router = APIRouter(prefix="/kv", tags=["kv"])
_THING = ref("Kv")


@router.get("", **answers(page_of(_THING)))
def list_kv(
    services: Services,
    caller: Caller,
    *,
    namespace: Namespace = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """Lists pairs by namespace and key; those that expired are gone."""
    return declaration.page(services, caller, "kv", namespace=namespace, cursor=cursor, limit=limit)


@router.get("/{namespace}/{key}", **answers(_THING, 304))
def get_kv(
    services: Services,
    caller: Caller,
    *,
    namespace: str,
    key: str,
    request: Request,
) -> Response:
    """Reads the pair of exactly this namespace."""
    return declared(request, state.get(services, caller, Reference("kv", namespace, key)))


@router.get("/{namespace}/{key}/versions", **answers(items_of(ref("KvVersion"))))
def list_versions(services: Services, caller: Caller, *, namespace: str, key: str) -> Response:
    """Lists what the latest writes of a pair left, newest first."""
    return Answer({"items": kv.versions(services, caller, Reference("kv", namespace, key))})


@router.put(
    "/{namespace}/{key}",
    openapi_extra=body(ref("KvSpec"), plain=True),
    **answers(_THING, 409, 412, 413, also=201),
)
def put_kv(
    services: Services,
    change: Change,
    *,
    namespace: str,
    key: str,
    text: RawBody,
    request: Request,
) -> Response:
    """Creates or replaces a pair; the same body twice writes nothing.

    A body of the type `text/plain` is the value itself: as JSON when it is some, else as text
    (`"quoted"` stays text), with the headers `ttl` and `description`.
    """
    is_plain = request.headers.get("content-type", "").startswith("text/plain")
    spec = _plain(text, request) if is_plain else parse_json(text)
    return declaration.put(services, change, Reference("kv", namespace, key), spec, request)


@router.delete("/{namespace}/{key}", **answers(None, 409, 412, status=204))
def delete_kv(
    services: Services,
    change: Change,
    *,
    namespace: str,
    key: str,
    request: Request,
) -> Response:
    """Removes a pair."""
    return declaration.delete(services, change, Reference("kv", namespace, key), request)


def _plain(text: bytes, request: Request) -> Json:
    try:
        value: Json = orjson.loads(text)
    except orjson.JSONDecodeError:
        try:
            value = text.decode()
        except UnicodeDecodeError:
            hint = "Save it as UTF-8."
            raise invalid(
                [Problem("The text is not UTF-8.", code="invalid-encoding", hint=hint)]
            ) from None
    said = {name: request.headers.get(name) for name in ("ttl", "description")}
    return {"value": value, **said}
