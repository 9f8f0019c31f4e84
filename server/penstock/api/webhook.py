"""Webhooks over HTTP. They need no token: the key in the address is what the caller knows."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterable

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from penstock.api.access import RawBody, Services
from penstock.api.answer import Answer
from penstock.api.document import answers
from penstock.api.shape import ref
from penstock.errors import NotFound
from penstock.model.execution import Execution
from penstock.security.failure import Failures
from penstock.service import form, webhook
from penstock.service.execution import head
from penstock.service.services import Services as ServicesValue
from penstock.service.webhook import Call, Ready

IS_TENANTLESS = True
router = APIRouter(tags=["webhooks"])
_METHODS = ["GET", "POST", "PUT"]
_PATH = "/{namespace}/{flow}/{key}"
_BODY = {"requestBody": {"required": False, "content": {"*/*": {"schema": {}}}}}
"""Anything: what it is does not matter before the flow looks at it."""
_failures = Failures()
_MOST_SECONDS = 600.0
"""How long an answer waits for the end of an execution."""


async def _receive(
    services: ServicesValue, request: Request, body: bytes, call: tuple[str, str, str, str]
) -> Response:
    tenant, namespace, flow, key = call
    given = Call(
        tenant,
        namespace,
        flow,
        key,
        body=body,
        headers=_lists(request.headers.items()),
        parameters=_lists(request.query_params.multi_items()),
    )
    try:
        ready = await run_in_threadpool(webhook.prepare, services, given)
    except NotFound:
        _failures.count(None if request.client is None else request.client.host)
        raise
    if ready is None:
        return Response(status_code=204)
    accepted = await services.executor.accept(
        ready.execution,
        ready.version,
        ready.audit,
        warnings=ready.warnings,
        refusal=ready.refusal,
    )
    if not ready.trigger.wait:
        return Answer(form.execution(accepted))
    ended = await _end(services, request, ready)
    if ended is None:
        return Answer(form.execution(accepted), status_code=202)
    told = await run_in_threadpool(webhook.reply, services, ready, ended)
    return Response(told.content, status_code=told.status, media_type=told.media_type)


async def _end(services: ServicesValue, request: Request, ready: Ready) -> Execution | None:
    """The execution when it is over; None when the server stops or the caller leaves before that,
    or it takes too long.
    """
    loop, touched = asyncio.get_running_loop(), asyncio.Event()
    id_, tenant = ready.execution.id, ready.execution.tenant
    latest = time.monotonic() + _MOST_SECONDS

    def wake() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(touched.set)

    undo = services.executor.subscribe(id_, wake)
    try:
        while not services.is_leaving():
            touched.clear()
            found = await run_in_threadpool(head, services, tenant, id_)
            if found.state.is_terminated:
                return found
            if time.monotonic() >= latest or await request.is_disconnected():
                return None
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(touched.wait(), 1.0)
    finally:
        undo()
    return None


def _lists(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _route(method: str) -> None:
    async def call_webhook(
        services: Services,
        *,
        tenant: str,
        namespace: str,
        flow: str,
        key: str,
        request: Request,
        body: RawBody,
    ) -> Response:
        """Starts a flow by its Webhook trigger; the key is all that the caller needs."""
        return await _receive(services, request, body, (tenant, namespace, flow, key))

    call_webhook.__name__ = f"{method.lower()}_webhook"
    router.add_api_route(
        "/api/v1/tenants/{tenant}/webhooks" + _PATH,
        call_webhook,
        methods=[method],
        openapi_extra=None if method == "GET" else _BODY,
        **answers(ref("Execution"), 409, 413),
    )


for _method in _METHODS:
    _route(_method)


@router.api_route(
    "/api/v1/{tenant}/executions/webhook" + _PATH, methods=_METHODS, include_in_schema=False
)
@router.api_route("/api/v1/executions/webhook" + _PATH, methods=_METHODS, include_in_schema=False)
async def call_webhook_at_old_address(
    services: Services,
    *,
    namespace: str,
    flow: str,
    key: str,
    request: Request,
    body: RawBody,
) -> Response:
    """The same at the addresses that callers of Kestra know."""
    tenant = request.path_params.get("tenant", "main")
    return await _receive(services, request, body, (tenant, namespace, flow, key))
