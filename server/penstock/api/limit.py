"""Refuses bodies that are too large while they arrive."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_WHOLE = ("/plan", "/apply", "/state:read", "/evidence:read", "/secrets:compare")
_COLLECTION = 5
"""Where ``/api/v1/tenants/<tenant>/files`` has its last word."""


class BodyLimit:
    """Counts what a request's body brings, before anything is made of it."""

    def __init__(self, app: ASGIApp, *, single: int, whole: int) -> None:
        self._app = app
        self._single = single
        self._whole = whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on; reading too much raises 413 in whoever reads."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_whole = scope["path"].endswith(_WHOLE) or _is_content(scope)
        limit = self._whole if is_whole else self._single
        scope["penstock.limit"] = limit
        size = 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            if message["type"] == "http.request":
                size += len(message.get("body", b""))
                if size > limit:
                    raise HTTPException(status_code=413)
            return message

        await self._app(scope, counted, send)


def _is_content(scope: Scope) -> bool:
    """Whether a file's bytes or a state are the body: those are larger than other objects."""
    parts = scope["path"].split("/")
    collection = parts[_COLLECTION] if len(parts) > _COLLECTION else ""
    return (scope["method"], collection) in (("PUT", "files"), ("POST", "terraform-state"))
