"""Tenants over HTTP, for tokens of scope `server`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from penstock.api import paging
from penstock.api.access import (
    JsonBody,
    ServerCaller,
    ServerChange,
    Services,
    if_match,
    if_none_match_any,
)
from penstock.api.answer import Answer, declared
from penstock.api.document import answers, body
from penstock.api.paging import Cursor, Limit
from penstock.api.shape import page_of, ref
from penstock.service import tenant as tenants

router = APIRouter(prefix="/api/v1/tenants", tags=["tenants"])
IS_TENANTLESS = True
_THING = ref("Tenant")
Name = Annotated[str, Path(description="The tenant, such as `main`.")]


@router.get("", **answers(page_of(_THING)))
def list_tenants(
    services: Services, caller: ServerCaller, cursor: Cursor = None, limit: Limit = 100
) -> Response:
    """Lists tenants by name; as all about tenants for tokens of scope `server` only."""
    del caller
    items, following = tenants.page(services, after=paging.decode_text(cursor), limit=limit)
    return Answer({"items": items, "nextCursor": paging.encode(following)})


@router.get("/{tenant}", **answers(_THING, 304))
def get_tenant(
    services: Services, caller: ServerCaller, tenant: Name, request: Request
) -> Response:
    """Reads a tenant."""
    del caller
    return declared(request, tenants.get(services, tenant))


@router.put(
    "/{tenant}", openapi_extra=body(ref("TenantSpec")), **answers(_THING, 409, 412, 413, also=201)
)
def put_tenant(
    services: Services, change: ServerChange, *, tenant: Name, spec: JsonBody, request: Request
) -> Response:
    """Creates or replaces a tenant; the same twice writes nothing."""
    form, is_new = tenants.put(
        services,
        change,
        tenant,
        body=spec,
        match=if_match(request),
        only_new=if_none_match_any(request),
    )
    return declared(request, form, status=201 if is_new else 200)


@router.delete("/{tenant}", **answers(None, 409, 412, status=204))
def delete_tenant(
    services: Services, change: ServerChange, tenant: Name, request: Request
) -> Response:
    """Removes a tenant that holds nothing; 409 says what it holds."""
    tenants.delete(services, change, tenant, if_match(request))
    return Response(status_code=204)
