"""A dry run of a new execution over HTTP."""

from __future__ import annotations

from fastapi import APIRouter, Response

from penstock.api.access import Caller, JsonBody, Services
from penstock.api.answer import Answer
from penstock.api.document import answers, body
from penstock.api.shape import ref
from penstock.service import execution, validation

router = APIRouter(tags=["executions"])


@router.post(
    "/executions:validate",
    openapi_extra=body(ref("NewExecution")),
    **answers(ref("ExecutionValidation"), 413),
)
def validate_execution(services: Services, caller: Caller, wanted: JsonBody) -> Response:
    """Says what inputs an execution would have, and what would keep it from starting.

    Nothing is started or stored. Values of secrets are hidden.
    """
    return Answer(validation.validate(services, caller, execution.parse_wanted(wanted)))
