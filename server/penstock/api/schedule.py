"""Schedules over HTTP."""

from __future__ import annotations

from fastapi import APIRouter, Response

from penstock.api.access import Caller, OptionalBody, Services
from penstock.api.answer import Answer
from penstock.api.collection import Collection
from penstock.api.document import answers
from penstock.api.shape import ref
from penstock.service import schedule_override
from penstock.service.objectset import Reference
from penstock.service.schedule_override import OPERATIONS, Operation

router = APIRouter(prefix="/schedules", tags=["schedules"])
_schedules = Collection(router, "schedule", "Schedule")
_schedules.add_list("Lists schedules by namespace and id.")
_schedules.add_get("Reads a schedule and when it fires next.")
_schedules.add_put("Creates or replaces a schedule; the same body twice writes nothing.")
_schedules.add_delete("Removes a schedule; executions that it started go on.")


def _route(name: str, operation: Operation) -> None:
    def operate(
        services: Services,
        caller: Caller,
        *,
        namespace: str,
        id: str,  # noqa: A002 - the word of the API
        options: OptionalBody,
    ) -> Response:
        reference = Reference("schedule", namespace, id)
        return Answer(schedule_override.operate(services, caller, name, reference, options))

    operate.__name__ = f"{name}_schedule"
    operate.__doc__ = operation.help
    content = {"application/json": {"schema": ref("ScheduleOptions")}}
    router.post(
        f"/{{namespace}}/{{id}}/{name}",
        openapi_extra={"requestBody": {"required": False, "content": content}},
        **answers(ref("Schedule"), 409, 413),
    )(operate)


for _name, _operation in OPERATIONS.items():
    _route(_name, _operation)
