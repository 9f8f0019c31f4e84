"""What a route needs from its request: services, who calls, for which change, with which body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar
from urllib.parse import unquote

import orjson
from fastapi import Depends, Header, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from penstock.errors import InvalidObject
from penstock.model.frozen import Json
from penstock.model.nesting import TooDeep, parsed
from penstock.model.problem import Problem
from penstock.model.provenance import Provenance
from penstock.security.caller import Caller as CallerValue
from penstock.security.caller import Intent
from penstock.service.change import Change as ChangeValue
from penstock.service.services import Services as ServicesValue

_LONGEST_OWNER = 200
NEW_TENANT = "penstock-new-tenant"
"""The header that takes a tenant that is not there yet for an empty one."""


async def _services(request: Request) -> ServicesValue:
    return request.app.state.services


Services = Annotated[ServicesValue, Depends(_services)]


Tenant = Annotated[str, Path(description="The tenant, such as `main`.")]


async def _caller(services: Services, tenant: Tenant, request: Request) -> CallerValue:
    return await verified(services, tenant, request, request.headers.get("authorization"))


async def verified(
    services: ServicesValue, tenant: str, request: Request, header: str | None
) -> CallerValue:
    """The caller behind an ``Authorization`` header. Raises as `Tokens.verify` does."""
    intent = _intent(request)
    known = services.tokens.known(header, tenant, intent)
    if known is not None:
        return known
    verify = services.tokens.verify
    is_new = request.headers.get(NEW_TENANT, "").lower() == "true"
    return await run_in_threadpool(
        verify, header, tenant, intent, client=_client(request), is_new=is_new
    )


Caller = Annotated[CallerValue, Depends(_caller)]
"""The authenticated caller; a route without it is open to everybody."""

E = TypeVar("E", bound=Callable[..., Response])


def changes_nothing(endpoint: E) -> E:
    """Marks a route that only asks, though it is no GET: tokens that may only read may call it.

    Every other one is a write.
    """
    _asking.add(endpoint)
    return endpoint


_asking: set[Callable[..., Response]] = set()


def _intent(request: Request) -> Intent:
    if request.method in ("GET", "HEAD"):
        return "read"
    return "ask" if request.scope.get("endpoint") in _asking else "write"


def _client(request: Request) -> str | None:
    return None if request.client is None else request.client.host


async def _server_caller(services: Services, request: Request) -> CallerValue:
    verify = services.tokens.verify_server
    header = request.headers.get("authorization")
    return await run_in_threadpool(verify, header, _intent(request), client=_client(request))


ServerCaller = Annotated[CallerValue, Depends(_server_caller)]
"""The authenticated caller of what is about the whole server, in the tenant of its token."""

_Owner = Annotated[
    str,
    Header(
        alias="Penstock-Owner",
        max_length=_LONGEST_OWNER,
        description="Who declares these objects, such as `terraform:prod`.",
    ),
]
_Force = Annotated[
    bool,
    Header(alias="Penstock-Force-Owner", description="Takes objects over from their owner."),
]


async def _change(
    caller: Caller, request: Request, *, owner: _Owner = "api", force: _Force = False
) -> ChangeValue:
    return ChangeValue(caller, owner, force, provenance(request))


Change = Annotated[ChangeValue, Depends(_change)]
"""The frame of a write; it implies an authenticated caller."""


async def _server_change(
    caller: ServerCaller, request: Request, *, owner: _Owner = "api", force: _Force = False
) -> ChangeValue:
    return ChangeValue(caller, owner, force, provenance(request))


ServerChange = Annotated[ChangeValue, Depends(_server_change)]
"""The same for what is about the whole server."""


def provenance(request: Request) -> Provenance:
    """The commit and the run that the request's headers name."""

    def text(name: str) -> str | None:
        value = request.headers.get(f"penstock-{name}")
        return unquote(value) if value else None

    dirty = text("source-dirty")
    return Provenance(
        repository=text("source-repository"),
        commit=text("source-commit"),
        path=text("source-path"),
        dirty=None if dirty is None else dirty.lower() == "true",
        run_id=text("run-id"),
        run_url=text("run-url"),
        workspace=text("run-workspace"),
    )


async def _json_body(request: Request) -> Json:
    return parse_json(await request.body())


JsonBody = Annotated[Json, Depends(_json_body)]
"""The body as JSON."""


async def _optional_body(request: Request) -> Json:
    sent = await request.body()
    return parse_json(sent) if sent.strip() else None


OptionalBody = Annotated[Json, Depends(_optional_body)]
"""The body as JSON; None where there is none."""


async def _raw_body(request: Request) -> bytes:
    return await request.body()


RawBody = Annotated[bytes, Depends(_raw_body)]
"""The body as it came."""


def parse_json(body: bytes) -> Json:
    """The JSON of a body. Raises `InvalidObject` with line and column, quoting nothing."""
    try:
        return parsed(body)
    except TooDeep as error:
        message = f"The body cannot be taken: {error}."
        problem = Problem(message, code="too-deep")
        raise InvalidObject(message, problems=[problem]) from None
    except orjson.JSONDecodeError as error:
        message = f"The body is no JSON: {error.msg.partition(':')[0]}."
        problem = Problem(message, line=error.lineno, column=error.colno, code="invalid-json")
        raise InvalidObject(message, problems=[problem]) from None


def if_match(request: Request) -> str | None:
    """The content hash of ``If-Match``, or None."""
    header = request.headers.get("if-match")
    return None if header is None else header.strip().removeprefix("W/").strip('"')


def if_none_match_any(request: Request) -> bool:
    """Whether ``If-None-Match: *`` asks for a creation only."""
    return request.headers.get("if-none-match", "").strip() == "*"
