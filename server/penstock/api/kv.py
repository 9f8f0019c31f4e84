"""Key-value pairs over HTTP."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from penstock.api import declaration
from penstock.api.access import Caller, Change, JsonBody, Services
from penstock.api.answer import declared
from penstock.api.document import answers, body
from penstock.api.paging import Cursor, Limit, Namespace
from penstock.api.schema import page_of, ref
from penstock.service import state
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


@router.put(
    "/{namespace}/{key}",
    openapi_extra=body(ref("KvSpec")),
    **answers(_THING, 409, 412, 413, also=201),
)
def put_kv(
    services: Services,
    change: Change,
    *,
    namespace: str,
    key: str,
    spec: JsonBody,
    request: Request,
) -> Response:
    """Creates or replaces a pair; the same body twice writes nothing."""
    reference = Reference("kv", namespace, key)
    return declaration.put(services, change, reference, spec, request)


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
