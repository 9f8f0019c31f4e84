"""Terraform's `http` backend: states, their locks and their versions.

Terraform reads meaning into statuses: 404 of a GET is an empty state, so what else is not there
answers something else. It authenticates with a user and a password; the password is a token.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from penstock.api import paging
from penstock.api.access import (
    OptionalBody,
    RawBody,
    Services,
    ServicesValue,
    Tenant,
    provenance,
    verified,
)
from penstock.api.answer import Answer, etag_matches
from penstock.api.document import answers, body
from penstock.api.paging import Cursor, Limit
from penstock.api.problem import invalid
from penstock.api.shape import MAP, items_of, page_of, ref
from penstock.errors import Forbidden, NotFound, SwitchedOff
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.security.caller import Caller as CallerValue
from penstock.service import terraform_lock, terraform_state
from penstock.service.change import Change as ChangeValue
from penstock.service.terraform_state import State

router = APIRouter(prefix="/terraform-state", tags=["terraform-state"])
_STATE = MAP
_REFUSALS = (403, 405)


async def _caller(services: Services, tenant: Tenant, request: Request) -> CallerValue:
    header = _bearer(request.headers.get("authorization"))
    try:
        caller = await verified(services, tenant, request, header)
    except NotFound as error:
        # 404 would say that there is no state, and Terraform would make everything anew.
        raise Forbidden(f"There is no tenant {tenant} for this token.") from error
    _check_on(services)
    return caller


def _check_on(services: ServicesValue) -> None:
    if services.state_versions is None:
        raise SwitchedOff(
            "This server keeps no states of Terraform.",
            hint="Start it with PENSTOCK_TERRAFORM_STATE=on, or use another backend.",
        )


def _bearer(header: str | None) -> str | None:
    """An ``Authorization`` header with the token of a password as other routes take it."""
    if header is None or header[:6].lower() != "basic ":
        return header
    try:
        text = base64.b64decode(header[6:].strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    return "Bearer " + text.partition(":")[2]


Caller = Annotated[CallerValue, Depends(_caller)]


async def _change(caller: Caller, request: Request) -> ChangeValue:
    return ChangeValue(caller, provenance=provenance(request))


Change = Annotated[ChangeValue, Depends(_change)]
Workspace = Annotated[
    str,
    Path(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        max_length=100,
        description="A name for one state, such as `prod`.",
    ),
]
LockId = Annotated[
    str | None, Query(alias="ID", max_length=1_000, description="The lock that the caller holds.")
]
Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="A version's number.")]


@router.get("", **answers(page_of(ref("TerraformState")), *_REFUSALS))
def list_states(
    services: Services, caller: Caller, cursor: Cursor = None, limit: Limit = 100
) -> Response:
    """Lists workspaces with serial, size and who holds the lock."""
    items, following = terraform_state.page(
        services, caller, after=paging.decode_text(cursor), limit=limit
    )
    return Answer({"items": items, "nextCursor": paging.encode(following)})


@router.get("/{workspace}", **answers(_STATE, 304, *_REFUSALS))
def get_state(
    services: Services, caller: Caller, workspace: Workspace, request: Request
) -> Response:
    """Reads the newest state, byte for byte; 404 when there is none."""
    return _content(request, terraform_state.get(services, caller, workspace))


@router.post("/{workspace}", openapi_extra=body(_STATE), **answers(None, *_REFUSALS, 409, 413, 423))
def post_state(
    services: Services,
    change: Change,
    *,
    workspace: Workspace,
    text: RawBody,
    request: Request,
    lock_id: LockId = None,
) -> Response:
    """Writes a state; the same content twice makes no version.

    Refused while another run holds the lock (423), and when serial or lineage do not follow (409).
    """
    _check_digest(request.headers.get("content-md5"), text)
    terraform_state.put(services, change, workspace, text, lock_id=lock_id)
    return Response(status_code=200)


@router.delete("/{workspace}", **answers(None, *_REFUSALS, 423))
def delete_state(
    services: Services,
    change: Change,
    *,
    workspace: Workspace,
    lock_id: LockId = None,
    purge: Annotated[bool, Query(description="Its versions too, for good.")] = False,
) -> Response:
    """Removes a state; its versions stay for a restore, unless they are purged."""
    terraform_state.delete(services, change, workspace, lock_id=lock_id, is_purge=purge)
    return Response(status_code=200)


@router.api_route("/{workspace}", methods=["LOCK"], include_in_schema=False)
@router.post("/{workspace}/lock", openapi_extra=body(_STATE), **answers(None, *_REFUSALS, 413, 423))
def lock_state(
    services: Services, change: Change, workspace: Workspace, info: OptionalBody
) -> Response:
    """Takes the lock, or says who has it. The method LOCK on the state does the same."""
    terraform_lock.lock(services, change, workspace, info)
    return Response(status_code=200)


@router.api_route("/{workspace}", methods=["UNLOCK"], include_in_schema=False)
@router.delete("/{workspace}/lock", **answers(None, *_REFUSALS, 409, 413))
def unlock_state(
    services: Services,
    change: Change,
    workspace: Workspace,
    info: OptionalBody,
    lock_id: LockId = None,
) -> Response:
    """Gives the lock back, or takes it away. The method UNLOCK on the state does the same.

    The body is what Terraform sends; without one `ID` says which lock it must be.
    """
    said: Json = {"ID": lock_id or ""} if info is None else info
    terraform_lock.unlock(services, change, workspace, said)
    return Response(status_code=200)


@router.get("/{workspace}/versions", **answers(items_of(ref("TerraformStateVersion")), *_REFUSALS))
def list_versions(services: Services, caller: Caller, workspace: Workspace) -> Response:
    """Lists a state's versions, newest first; one that deletes has no serial."""
    return Answer({"items": terraform_state.versions(services, caller, workspace)})


@router.get("/{workspace}/versions/{number}", **answers(_STATE, 304, *_REFUSALS))
def get_version(
    services: Services, caller: Caller, *, workspace: Workspace, number: Number, request: Request
) -> Response:
    """Reads an older state, byte for byte."""
    return _content(request, terraform_state.get(services, caller, workspace, number))


@router.post(
    "/{workspace}/versions/{number}:restore",
    **answers(ref("TerraformStateVersion"), *_REFUSALS, 423),
)
def restore_version(
    services: Services, change: Change, *, workspace: Workspace, number: Number
) -> Response:
    """Makes an older version the newest one, with a serial that goes on."""
    return Answer(terraform_state.restore(services, change, workspace, number))


def _content(request: Request, state: State) -> Response:
    """A state as it was written; packed as it is kept where the caller can unpack it."""
    etag = f'"{state.version.sha256}"'
    headers = {"ETag": etag, "Vary": "Accept-Encoding", "Cache-Control": "no-store"}
    if etag_matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(state.packed, media_type="application/json", headers=headers)
    return Response(state.content, media_type="application/json", headers=headers)


def _check_digest(given: str | None, text: bytes) -> None:
    if given is None:
        return
    digest = hashlib.md5(text, usedforsecurity=False).digest()
    if given.strip() != base64.b64encode(digest).decode():
        message = "The body is not what was sent: it does not fit its Content-MD5."
        raise invalid([Problem(message, path="Content-MD5", code="damaged")])
