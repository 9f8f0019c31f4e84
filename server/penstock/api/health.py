"""Whether the server lives, and whether it can work."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from penstock.api.access import Services
from penstock.api.answer import Answer
from penstock.api.document import answers
from penstock.api.problem import response_of
from penstock.api.shape import TEXT, thing
from penstock.errors import Unavailable
from penstock.store import tenant

router = APIRouter(prefix="/health", tags=["health"])
IS_TENANTLESS = True
_WELL = thing(status=TEXT)


@router.get("/live", **answers(_WELL))
async def live() -> Response:
    """The process answers."""
    return Answer({"status": "live"})


@router.get("/ready", **answers(_WELL, 503))
def ready(services: Services, request: Request) -> Response:
    """The database answers and executions are taken."""
    if not request.app.state.is_ready():
        return response_of(
            Unavailable(
                "No executions are taken now.",
                hint="The server starts or stops, or its executor has ended: its log says why.",
            )
        )
    try:
        with services.database.read() as tx:
            tenant.exists(tx, "main")
    except Exception:  # noqa: BLE001 - whatever is wrong with the database, it is not ready
        return response_of(Unavailable("The database does not answer."))
    return Answer({"status": "ready"})
