"""Tests of flows over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from penstock.api import declaration
from penstock.api.access import Caller, Change, JsonBody, Services
from penstock.api.answer import Answer, declared
from penstock.api.document import answers, body
from penstock.api.paging import Cursor, Limit, Namespace
from penstock.api.shape import items_of, page_of, ref
from penstock.service import flow_test_run, state
from penstock.service.objectset import Reference

router = APIRouter(prefix="/tests", tags=["tests"])
_THING = ref("FlowTest")
_RESULT = ref("FlowTestResult")


@router.get("", **answers(page_of(_THING)))
def list_tests(
    services: Services,
    caller: Caller,
    *,
    namespace: Namespace = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """Lists the declared tests of flows by namespace and id."""
    return declaration.page(
        services, caller, "test", namespace=namespace, cursor=cursor, limit=limit
    )


@router.get("/{namespace}/{id}", **answers(_THING, 304))
def get_test(
    services: Services,
    caller: Caller,
    *,
    namespace: str,
    id: str,  # noqa: A002 - the word of the API
    request: Request,
) -> Response:
    """Reads the tests of a flow as they were written."""
    return declared(request, state.get(services, caller, Reference("test", namespace, id)))


@router.put(
    "/{namespace}/{id}",
    openapi_extra=body(ref("FlowTestSpec")),
    **answers(_THING, 409, 412, 413, also=201),
)
def put_test(
    services: Services,
    change: Change,
    *,
    namespace: str,
    id: str,  # noqa: A002 - the word of the API
    spec: JsonBody,
    request: Request,
) -> Response:
    """Creates or replaces tests of a flow; the same text twice writes nothing."""
    reference = Reference("test", namespace, id)
    return declaration.put(services, change, reference, spec, request)


@router.delete("/{namespace}/{id}", **answers(None, 409, 412, status=204))
def delete_test(
    services: Services,
    change: Change,
    *,
    namespace: str,
    id: str,  # noqa: A002 - the word of the API
    request: Request,
) -> Response:
    """Removes tests of a flow; what became of them is kept."""
    return declaration.delete(services, change, Reference("test", namespace, id), request)


@router.post("/{namespace}/{id}/run", **answers(_RESULT, 409))
def run_test(
    services: Services,
    caller: Caller,
    *,
    namespace: str,
    id: str,  # noqa: A002 - the word of the API
) -> Response:
    """Runs tests against the present content of their flow, apart from everything else."""
    return Answer(flow_test_run.run(services, caller, namespace, id))


@router.get("/{namespace}/{id}/results", **answers(items_of(_RESULT)))
def list_test_results(
    services: Services,
    caller: Caller,
    *,
    namespace: str,
    id: str,  # noqa: A002 - the word of the API
    flow_hash: Annotated[
        str | None, Query(alias="flowHash", description="Only those for this content of the flow.")
    ] = None,
    limit: Limit = 100,
) -> Response:
    """Lists what became of tests, the latest first."""
    found = flow_test_run.results(services, caller, namespace, id, flow_hash=flow_hash, limit=limit)
    return Answer({"items": found})
