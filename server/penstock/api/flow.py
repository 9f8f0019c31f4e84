"""Flows over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from penstock.api.access import Caller, Change, RawBody, Services, changes_nothing, parse_json
from penstock.api.answer import Answer, declared
from penstock.api.collection import Collection, put_object
from penstock.api.document import answers, body
from penstock.api.problem import invalid
from penstock.api.shape import FLAG, MAYBE_TEXT, NUMBER, items_of, list_of, ref, thing
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.service import state
from penstock.service.flow_check import validate
from penstock.service.objectset import Reference

router = APIRouter(prefix="/flows", tags=["flows"])
_THING = ref("Flow")
_PROBLEMS = list_of(ref("Problem"))
_CHECKED = thing(
    index=NUMBER,
    namespace=MAYBE_TEXT,
    id=MAYBE_TEXT,
    valid=FLAG,
    outdated=FLAG,
    errors=_PROBLEMS,
    warnings=_PROBLEMS,
    deprecations=_PROBLEMS,
)
_flows = Collection(router, "flow", "Flow")
_flows.add_list("Lists flows by namespace and id, with their texts.")


@router.post(
    ":validate", openapi_extra=body(ref("FlowSpec"), yaml=True), **answers(items_of(_CHECKED))
)
@changes_nothing
def validate_flows(
    services: Services, caller: Caller, *, text: RawBody, request: Request
) -> Response:
    """Checks flow texts and writes nothing; answers 200 for texts that do not hold, too.

    Several documents are separated by lines of `---`; each has an answer of its own.
    """
    spec = parse_json(text) if _is_json(request) else {"source": _decoded(text)}
    source = spec.get("source") if isinstance(spec, dict) else None
    if not isinstance(source, str):
        raise invalid([Problem("The body has no text as `source`.", code="wrong-type")])
    return Answer({"items": validate(services, caller, source)})


@router.get("/{namespace}/{id}", **answers(_THING, 304))
def get_flow(
    services: Services,
    caller: Caller,
    *,
    namespace: str,
    id: str,  # noqa: A002 - the word of the API
    request: Request,
    revision: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="An older revision.")
    ] = None,
) -> Response:
    """Reads a flow, its text byte for byte as it was written."""
    reference = Reference("flow", namespace, id)
    return declared(request, state.get(services, caller, reference, revision=revision))


@router.get("/{namespace}/{id}/revisions", **answers(items_of(ref("FlowRevision"))))
def list_revisions(
    services: Services,
    caller: Caller,
    *,
    namespace: str,
    id: str,  # noqa: A002 - the word of the API
) -> Response:
    """Lists the flow's history, newest first, deletions included."""
    return Answer({"items": state.revisions(services, caller, Reference("flow", namespace, id))})


@router.put(
    "/{namespace}/{id}",
    openapi_extra=body(ref("FlowSpec"), yaml=True),
    **answers(_THING, 409, 412, 413, also=201),
)
def put_flow(
    services: Services,
    change: Change,
    *,
    namespace: str,
    id: str,  # noqa: A002 - the word of the API
    text: RawBody,
    request: Request,
) -> Response:
    """Creates or replaces a flow; the same text twice makes no revision.

    The body is the YAML text itself (`application/yaml`), or JSON with it as `source`.
    """
    spec = parse_json(text) if _is_json(request) else {"source": _decoded(text)}
    return put_object(services, change, Reference("flow", namespace, id), spec, request)


_flows.add_delete("Removes a flow that nothing calls; its revisions and executions stay.")


def _is_json(request: Request) -> bool:
    return "json" in request.headers.get("content-type", "")


def _decoded(text: bytes) -> Json:
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        message = f"The text is not UTF-8 (line {line}, byte {error.start})."
        problem = Problem(message, line=line, code="invalid-encoding", hint="Save it as UTF-8.")
        raise invalid([problem]) from None
