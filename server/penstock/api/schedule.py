"""Schedules over HTTP."""

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

router = APIRouter(prefix="/schedules", tags=["schedules"])
_THING = ref("Schedule")


@router.get("", **answers(page_of(_THING)))
def list_schedules(
    services: Services,
    caller: Caller,
    *,
    namespace: Namespace = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """Lists schedules by namespace and id."""
    return declaration.page(
        services, caller, "schedule", namespace=namespace, cursor=cursor, limit=limit
    )


@router.get("/{namespace}/{id}", **answers(_THING, 304))
def get_schedule(
    services: Services,
    caller: Caller,
    *,
    namespace: str,
    id: str,  # noqa: A002 - the word of the API
    request: Request,
) -> Response:
    """Reads a schedule and when it fires next."""
    return declared(request, state.get(services, caller, Reference("schedule", namespace, id)))


@router.put(
    "/{namespace}/{id}",
    openapi_extra=body(ref("ScheduleSpec")),
    **answers(_THING, 409, 412, 413, also=201),
)
def put_schedule(
    services: Services,
    change: Change,
    *,
    namespace: str,
    id: str,  # noqa: A002 - the word of the API
    spec: JsonBody,
    request: Request,
) -> Response:
    """Creates or replaces a schedule; the same body twice writes nothing."""
    reference = Reference("schedule", namespace, id)
    return declaration.put(services, change, reference, spec, request)


@router.delete("/{namespace}/{id}", **answers(None, 409, 412, status=204))
def delete_schedule(
    services: Services,
    change: Change,
    *,
    namespace: str,
    id: str,  # noqa: A002 - the word of the API
    request: Request,
) -> Response:
    """Removes a schedule; executions that it started go on."""
    return declaration.delete(services, change, Reference("schedule", namespace, id), request)
