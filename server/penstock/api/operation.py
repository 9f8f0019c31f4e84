"""Operations on executions over HTTP: one route an operation, and one for many executions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from penstock.api.access import Caller, JsonBody, OptionalBody, Services
from penstock.api.answer import Answer
from penstock.api.document import answers, body
from penstock.api.shape import FLAG, inlined, ref, thing
from penstock.model.frozen import Json
from penstock.service import bulk, operation, resuming, why
from penstock.service.operation import KINDS, Kind

router = APIRouter(prefix="/executions", tags=["executions"])


@router.post("/bulk", openapi_extra=body(ref("BulkOperation")), **answers(ref("BulkAnswer"), 409))
def operate_on_executions(services: Services, caller: Caller, wanted: JsonBody) -> Response:
    """Does the same with many executions, by ids or by query; `dryRun` only tells which."""
    return Answer(bulk.operate(services, caller, wanted))


@router.post(
    "/{id}/resume/validate",
    openapi_extra={
        "requestBody": {
            "required": False,
            "content": {"application/json": {"schema": inlined(KINDS["resume"].options)}},
        }
    },
    **answers(thing(valid=FLAG), 409),
)
def validate_resume(
    services: Services,
    caller: Caller,
    *,
    id: str,  # noqa: A002 - the word of the API
    options: OptionalBody,
) -> Response:
    """Checks what would be given to a paused task; the errors are those of `resume`."""
    return Answer(resuming.validate(services, caller, id, options))


@router.delete("/{id}", **answers(None, 409, status=204))
def delete_execution(
    services: Services,
    caller: Caller,
    *,
    id: str,  # noqa: A002 - the word of the API
    logs: Annotated[bool, Query(description="Whether its log lines go too.")] = True,
    metrics: Annotated[bool, Query(description="Whether its metrics go too.")] = True,
    storage: Annotated[bool, Query(description="Whether its files go too.")] = True,
) -> Response:
    """Removes an execution that is over, with its logs, metrics and files."""
    options: dict[str, Json] = {"logs": logs, "metrics": metrics, "storage": storage}
    operation.operate(services, caller, "delete", id, options)
    return Response(status_code=204)


@router.get("/{id}/why", **answers(ref("Why")))
def why_execution(
    services: Services,
    caller: Caller,
    *,
    id: str,  # noqa: A002 - the word of the API
) -> Response:
    """Says in sentences what an execution waits for, or why it ended as it did."""
    return Answer(why.why(services, caller, id))


def _route(name: str, kind: Kind) -> None:
    def operate(
        services: Services,
        caller: Caller,
        *,
        id: str,  # noqa: A002 - the word of the API
        options: OptionalBody,
    ) -> Response:
        made = operation.operate(services, caller, name, id, options)
        return Answer(made, status_code=202 if name == "kill" else 200)

    operate.__name__ = f"{name.replace('-', '_')}_execution"
    operate.__doc__ = kind.help
    content = {"application/json": {"schema": inlined(kind.options)}}
    router.post(
        f"/{{id}}/{name}",
        openapi_extra={"requestBody": {"required": False, "content": content}},
        **answers(ref("Execution"), 409, 413, status=202 if name == "kill" else 200),
    )(operate)


for _name, _kind in KINDS.items():
    if _name != "delete":
        _route(_name, _kind)
