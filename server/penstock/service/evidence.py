"""What finished executions prove about exactly one content of a flow."""

from __future__ import annotations

from penstock import __version__
from penstock.errors import InvalidObject
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.security.caller import Caller
from penstock.service.form import instant
from penstock.service.services import Services
from penstock.store import execution as executions


def read(services: Services, caller: Caller, body: Json) -> list[Json]:
    """The API's answer to ``POST /evidence:read``, in the order of the request."""
    items = body.get("flows") if isinstance(body, dict) else None
    if not isinstance(items, list):
        message = "`flows` must be a list."
        raise InvalidObject(message, problems=[Problem(message, path="flows", code="wrong-type")])
    wanted = [_flow(item, index) for index, item in enumerate(items)]
    with services.database.read() as tx:
        found = executions.evidence(tx, caller.tenant, wanted)
    return [
        {
            "namespace": each.namespace,
            "id": each.flow_id,
            "contentHash": each.content_hash,
            "success": each.success,
            "failed": each.failed,
            "days": each.days,
            "firstAt": instant(each.first_at),
            "lastAt": instant(each.last_at),
            "executions": list(each.successful_ids),
            "engine": __version__,
        }
        for each in found
    ]


def _flow(item: Json, index: int) -> tuple[str, str, str]:
    if isinstance(item, dict):
        names = (item.get("namespace"), item.get("id"), item.get("contentHash"))
        if all(isinstance(name, str) for name in names):
            return str(names[0]), str(names[1]), str(names[2])
    message = "Each flow needs the texts `namespace`, `id` and `contentHash`."
    path = f"flows[{index}]"
    raise InvalidObject(message, problems=[Problem(message, path=path, code="wrong-type")])
