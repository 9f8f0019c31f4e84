"""What the routes of all declared objects share."""

from __future__ import annotations

from fastapi import Request, Response

from penstock.api import paging
from penstock.api.access import if_match, if_none_match_any
from penstock.api.answer import Answer, declared
from penstock.api.problem import invalid
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.security.caller import Caller
from penstock.service import apply, state
from penstock.service.change import Change
from penstock.service.objectset import KindName, Member, Reference, Removal
from penstock.service.services import Services


def page(
    services: Services,
    caller: Caller,
    kind: KindName,
    *,
    namespace: str | None,
    cursor: str | None,
    limit: int,
) -> Response:
    """A page of one kind."""
    after = paging.decode_texts(cursor, 1 if kind == "namespace" else 2)
    items, following = state.page(
        services, caller, kind, namespace=namespace, after=after, limit=limit
    )
    return Answer({"items": items, "nextCursor": paging.encode(following)})


def put(
    services: Services, change: Change, reference: Reference, spec: Json, request: Request
) -> Response:
    """Creates or replaces an object: 201 when it is new, else 200."""
    if not isinstance(spec, dict):
        raise invalid([Problem("The body must be an object.", code="wrong-type")])
    member = Member(reference, spec, if_match(request), if_none_match_any(request))
    written, _ = apply.put(services, change, member)
    assert written.object is not None
    return declared(request, written.object, status=201 if written.action == "create" else 200)


def delete(services: Services, change: Change, reference: Reference, request: Request) -> Response:
    """Removes an object."""
    apply.delete(services, change, Removal(reference, if_match(request)))
    return Response(status_code=204)
