"""Tests of flows over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from penstock.api.access import Caller, Services
from penstock.api.answer import Answer
from penstock.api.collection import Collection
from penstock.api.document import answers
from penstock.api.paging import Limit
from penstock.api.shape import items_of, ref
from penstock.service import flow_test_run

router = APIRouter(prefix="/tests", tags=["tests"])
_RESULT = ref("FlowTestResult")
_tests = Collection(router, "test", "FlowTest")
_tests.add_list("Lists the declared tests of flows by namespace and id.")
_tests.add_get("Reads the tests of a flow as they were written.")
_tests.add_put("Creates or replaces tests of a flow; the same text twice writes nothing.")
_tests.add_delete("Removes tests of a flow; what became of them is kept.")


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
