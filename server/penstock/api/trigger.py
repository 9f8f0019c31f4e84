"""Triggers over HTTP: shown, switched on and off, unlocked, run for the past."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from penstock.api.access import Caller, OptionalBody, Services
from penstock.api.answer import Answer
from penstock.api.document import answers
from penstock.api.paging import Cursor, Limit, Namespace
from penstock.api.shape import page_of, ref
from penstock.service import trigger
from penstock.service.trigger import OPERATIONS, Address, Operation

router = APIRouter(prefix="/triggers", tags=["triggers"])
_THING = ref("Trigger")
_PATH = "/{namespace}/{flow}/{id}"


@router.get("", **answers(page_of(_THING)))
def list_triggers(
    services: Services,
    caller: Caller,
    *,
    namespace: Namespace = None,
    flow: Annotated[str | None, Query(description="Only those of flows of this id.")] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """Lists the triggers of flows by namespace, flow and id."""
    return Answer(
        trigger.page(
            services, caller, namespace=namespace, flow_id=flow, cursor=cursor, limit=limit
        )
    )


@router.get(_PATH, **answers(_THING))
def get_trigger(
    services: Services,
    caller: Caller,
    *,
    namespace: str,
    flow: str,
    id: str,  # noqa: A002 - the word of the API
) -> Response:
    """Reads a trigger: whether it is on, what it did last, and when it is looked at next."""
    return Answer(trigger.get(services, caller, Address(namespace, flow, id)))


def _route(name: str, operation: Operation) -> None:
    def operate(
        services: Services,
        caller: Caller,
        *,
        namespace: str,
        flow: str,
        id: str,  # noqa: A002 - the word of the API
        options: OptionalBody,
    ) -> Response:
        address = Address(namespace, flow, id)
        return Answer(trigger.operate(services, caller, name, address, options))

    operate.__name__ = f"{name.replace('-', '_')}_trigger"
    operate.__doc__ = operation.help
    content = {"application/json": {"schema": ref("TriggerOptions")}}
    router.post(
        f"{_PATH}/{name}",
        openapi_extra={"requestBody": {"required": False, "content": content}},
        **answers(_THING, 409, 413),
    )(operate)


for _name, _operation in OPERATIONS.items():
    _route(_name, _operation)
