"""What people have decided against what is declared, for as long as it counts."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from penstock.model.frozen import Json
from penstock.model.problem import Problem, Severity
from penstock.security.caller import Caller
from penstock.service import form
from penstock.service.services import Services
from penstock.store import trigger as rows
from penstock.store.declared import Key
from penstock.store.trigger import TriggerRow


def listed(
    services: Services, caller: Caller, flows: Collection[Key] | None = None
) -> list[dict[str, Json]]:
    """The overrides of triggers that count now: all, or those of some flows."""
    with services.database.read() as tx:
        found = rows.overridden(tx, caller.tenant, services.now())
    return [_form(row) for row in found if flows is None or _flow(row) in flows]


def warnings(tx: Connection, services: Services, tenant: str) -> dict[Key, list[Problem]]:
    """A warning for each of them, by flow: a deploy changes what is declared, not this."""
    found: dict[Key, list[Problem]] = {}
    for row in rows.overridden(tx, tenant, services.now()):
        problem = Problem(_sentence(row), "triggers", code="overridden", severity=Severity.WARNING)
        found.setdefault(_flow(row), []).append(problem)
    return found


def _flow(row: TriggerRow) -> Key:
    return row.key.namespace, row.key.flow_id


def _sentence(row: TriggerRow) -> str:
    override = row.override
    assert override is not None
    until = f" until {override.expires_at:%Y-%m-%d %H:%M} UTC" if override.expires_at else ""
    state = "off" if override.disabled else "on"
    return (
        f"The trigger `{row.key.id}` is switched {state} by {override.actor}{until}: "
        f"{override.reason}"
    )


def _form(row: TriggerRow) -> dict[str, Json]:
    override = row.override
    assert override is not None
    return {
        "kind": "trigger",
        "namespace": row.key.namespace,
        "flowId": row.key.flow_id,
        "id": row.key.id,
        "disabled": override.disabled,
        "reason": override.reason,
        "actor": override.actor,
        "at": form.instant(override.at),
        "expiresAt": form.instant(override.expires_at),
        "message": _sentence(row),
    }
