"""Secrets over HTTP: values go in, never out."""

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

router = APIRouter(prefix="/secrets", tags=["secrets"])
_THING = ref("Secret")


@router.get("", **answers(page_of(_THING)))
def list_secrets(
    services: Services,
    caller: Caller,
    *,
    namespace: Namespace = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """Lists secrets by namespace and key, without values."""
    return declaration.page(
        services, caller, "secret", namespace=namespace, cursor=cursor, limit=limit
    )


@router.get("/{namespace}/{key}", **answers(_THING, 304))
def get_secret(
    services: Services,
    caller: Caller,
    *,
    namespace: str,
    key: str,
    request: Request,
) -> Response:
    """Reads what is known of a secret, without its value."""
    return declared(request, state.get(services, caller, Reference("secret", namespace, key)))


@router.put(
    "/{namespace}/{key}",
    openapi_extra=body(ref("SecretSpec")),
    **answers(_THING, 409, 412, 413, also=201),
)
def put_secret(
    services: Services,
    change: Change,
    *,
    namespace: str,
    key: str,
    spec: JsonBody,
    request: Request,
) -> Response:
    """Creates or replaces a secret; the same value twice writes nothing."""
    reference = Reference("secret", namespace, key)
    return declaration.put(services, change, reference, spec, request)


@router.delete("/{namespace}/{key}", **answers(None, 409, 412, status=204))
def delete_secret(
    services: Services,
    change: Change,
    *,
    namespace: str,
    key: str,
    request: Request,
) -> Response:
    """Removes a secret that no flow reads."""
    return declaration.delete(services, change, Reference("secret", namespace, key), request)
