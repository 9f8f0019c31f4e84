"""The audit over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from penstock.api import paging
from penstock.api.access import Caller, Services
from penstock.api.answer import Answer
from penstock.api.document import answers
from penstock.api.paging import Cursor, Limit
from penstock.api.shape import page_of, ref
from penstock.service import audit

router = APIRouter(prefix="/audit-events", tags=["audit"])


@router.get("", **answers(page_of(ref("AuditEvent"))))
def list_audit_events(
    services: Services,
    caller: Caller,
    object: Annotated[  # noqa: A002 - the word of the API
        str | None, Query(description="Only events of this object, such as `flow/a.b/x`.")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """Lists who changed what, in the order of time; each event's hash covers the one before."""
    items, following = audit.page(
        services, caller, object=object, after=paging.decode_number(cursor), limit=limit
    )
    return Answer({"items": items, "nextCursor": paging.encode(following)})
