"""What every request passes first: limits, the short way for new executions, the last net."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import cast

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from penstock import __version__
from penstock.api import form_start, start
from penstock.api.problem import loggable, response_of, too_large, unknown
from penstock.api.whoami import API_VERSION
from penstock.errors import PenstockError
from penstock.service.services import Services

_API = "/api/"
_VERSIONS = (
    (b"penstock-version", __version__.encode()),
    (b"penstock-api-version", str(API_VERSION).encode()),
)
_PREFIX, _SUFFIX = "/api/v1/tenants/", "/executions"
_log = structlog.get_logger("penstock.api")
Headers = list[tuple[bytes, bytes]]


class Front:
    """The outermost application."""

    def __init__(
        self,
        app: ASGIApp,
        services: Services,
        *,
        max_body: int,
        max_upload: int,
        count: Callable[[str, int], None],
    ) -> None:
        self._app = app
        self._services = services
        self._max_body = max_body
        self._max_upload = max_upload
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if scope["path"].startswith(_API):
                    message = {**message, "headers": [*message.get("headers", ()), *_VERSIONS]}
            await send(message)

        try:
            tenant = _tenant_of_start(scope)
            if tenant is None:
                await self._app(scope, receive, watched)
            else:
                await self._start(scope, receive, watched, tenant=tenant)
        except Exception as error:  # noqa: BLE001 - the net: nothing of ours may reach the caller
            if status == 0 or status >= 500:  # noqa: PLR2004 - answered by the framework's own net
                _log.exception(
                    "a request failed", method=scope["method"], path=loggable(scope["path"])
                )
            if status == 0:
                await response_of(unknown(error))(scope, receive, watched)
        finally:
            self._count(scope["method"], status)

    async def _start(self, scope: Scope, receive: Receive, send: Send, *, tenant: str) -> None:
        services = self._services
        try:
            header = _header(scope["headers"], b"authorization")
            caller = services.tokens.known(header, tenant, "write")
            if caller is None:
                client = (scope.get("client") or (None,))[0]
                verify = services.tokens.verify
                caller = await run_in_threadpool(verify, header, tenant, "write", client=client)
            kind = _header(scope["headers"], b"content-type") or ""
            if kind.lower().startswith(form_start.KIND):
                made = await form_start.start(
                    services,
                    caller,
                    _chunks(receive, self._max_upload),
                    content_type=kind,
                    most_text=self._max_body,
                )
            else:
                body = await _body(receive, self._max_body)
                made = await start.start(services, caller, body)
            response = start.answer_of(made)
        except PenstockError as error:
            response = response_of(error)
        await response(scope, receive, send)


def _tenant_of_start(scope: Scope) -> str | None:
    path = scope["path"]
    if scope["method"] != "POST" or not path.endswith(_SUFFIX) or not path.startswith(_PREFIX):
        return None
    tenant = path[len(_PREFIX) : -len(_SUFFIX)]
    return tenant if tenant and "/" not in tenant else None


def _header(headers: Headers, name: bytes) -> str | None:
    for key, value in headers:
        if key == name:
            return value.decode("latin-1")
    return None


async def _body(receive: Receive, limit: int) -> bytes:
    parts = [part async for part in _chunks(receive, limit)]
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def _chunks(receive: Receive, limit: int) -> AsyncIterator[bytes]:
    """What arrives, as it arrives."""
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        part = cast("bytes", message.get("body", b""))
        size += len(part)
        if size > limit:
            raise too_large(limit)
        yield part
        if not message.get("more_body", False):
            return


class _Gone(PenstockError):
    """The caller went away while sending; nobody reads this answer."""

    status = 400
    code = "bad-request"
    title = "Bad request"

    def __init__(self) -> None:
        super().__init__("The caller closed the connection.")
