"""Namespaces over HTTP."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from penstock.api import declaration
from penstock.api.access import Caller, Change, JsonBody, Services
from penstock.api.answer import declared
from penstock.api.document import answers, body
from penstock.api.paging import Cursor, Limit, Namespace
from penstock.api.shape import page_of, ref
from penstock.service import state
from penstock.service.objectset import Reference

router = APIRouter(prefix="/namespaces", tags=["namespaces"])
_THING = ref("Namespace")


@router.get("", **answers(page_of(_THING)))
def list_namespaces(
    services: Services,
    caller: Caller,
    *,
    namespace: Namespace = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """Lists the declared namespaces by name."""
    return declaration.page(
        services, caller, "namespace", namespace=namespace, cursor=cursor, limit=limit
    )


@router.get("/{namespace}", **answers(_THING, 304))
def get_namespace(services: Services, caller: Caller, namespace: str, request: Request) -> Response:
    """Reads a namespace."""
    return declared(request, state.get(services, caller, Reference("namespace", namespace)))


@router.put(
    "/{namespace}",
    openapi_extra=body(ref("NamespaceSpec")),
    **answers(_THING, 409, 412, 413, also=201),
)
def put_namespace(
    services: Services,
    change: Change,
    *,
    namespace: str,
    spec: JsonBody,
    request: Request,
) -> Response:
    """Creates or replaces a namespace; the same body twice writes nothing."""
    reference = Reference("namespace", namespace)
    return declaration.put(services, change, reference, spec, request)


@router.delete("/{namespace}", **answers(None, 409, 412, status=204))
def delete_namespace(
    services: Services,
    change: Change,
    *,
    namespace: str,
    request: Request,
) -> Response:
    """Removes a namespace in which nothing is left."""
    return declaration.delete(services, change, Reference("namespace", namespace), request)
