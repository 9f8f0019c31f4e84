"""What people have decided against what is declared, for as long as it counts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from penstock.errors import InvalidObject
from penstock.model.frozen import Json
from penstock.model.problem import Problem, Severity
from penstock.security.caller import Caller
from penstock.service import form
from penstock.service.objectset import Reference
from penstock.service.services import Services
from penstock.store import schedule, schedule_override, trigger
from penstock.store.trigger import Override

_HELD = timedelta(days=7)
"""How long somebody's decision counts when nothing else is said."""
_LONGEST_REASON = 500


def options(body: Json, known: Collection[str]) -> dict[str, Json]:
    """What the body of an operation says. Raises `InvalidObject` where it is none of these."""
    given = {} if body is None else body
    if not isinstance(given, dict):
        raise invalid("The body must be an object.", "")
    unknown = sorted(given.keys() - set(known))
    if unknown:
        raise invalid(f"There is no property `{unknown[0]}` here.", unknown[0])
    return given


def decision(
    given: Mapping[str, Json], caller: Caller, now: datetime, *, disabled: bool
) -> Override:
    """What somebody decides, with `reason` and `expiresAt` as given. Raises `InvalidObject`."""
    reason = given.get("reason")
    if not isinstance(reason, str) or not 0 < len(reason) <= _LONGEST_REASON:
        raise invalid("`reason` must say why, in a sentence.", "reason")
    expires = moment(given, "expiresAt") or now + _HELD
    if expires <= now:
        raise invalid("`expiresAt` must be in the future.", "expiresAt")
    return Override(disabled, reason, caller.actor, now, expires)


def moment(given: Mapping[str, Json], name: str) -> datetime | None:
    """The moment that an option says; None when it says none. Raises `InvalidObject`."""
    value = given.get(name)
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise invalid(f"`{name}` must be a moment such as `2026-12-31T08:00:00Z`.", name)
    return at.astimezone(UTC)


def invalid(message: str, path: str) -> InvalidObject:
    """What is wrong with an option."""
    return InvalidObject(message, problems=[Problem(message, path=path, code="invalid-value")])


def shown(override: Override) -> dict[str, Json]:
    """A decision as the forms of triggers and schedules have it."""
    return {
        "disabled": override.disabled,
        "reason": override.reason,
        "actor": override.actor,
        "at": form.instant(override.at),
        "expiresAt": form.instant(override.expires_at),
    }


def listed(
    services: Services, caller: Caller, names: Collection[Reference] | None = None
) -> list[dict[str, Json]]:
    """The overrides that count now: all, or those of some flows and schedules."""
    with services.database.read() as tx:
        found = [*_counting(tx, caller.tenant, services.now())]
        return [
            _form(tx, caller.tenant, *each) for each in found if names is None or each[0] in names
        ]


def warnings(tx: Connection, services: Services, tenant: str) -> dict[Reference, list[Problem]]:
    """A warning for each of them, by flow or schedule: a deploy leaves them alone."""
    found: dict[Reference, list[Problem]] = {}
    for reference, id_, override in _counting(tx, tenant, services.now()):
        path = "triggers" if reference.kind == "flow" else "disabled"
        text = _sentence(reference, id_, override)
        problem = Problem(text, path, code="overridden", severity=Severity.WARNING)
        found.setdefault(reference, []).append(problem)
    return found


def _counting(
    tx: Connection, tenant: str, now: datetime
) -> Iterator[tuple[Reference, str, Override]]:
    """The object, the id of what is overridden in it or of itself, and the decision."""
    for row in trigger.overridden(tx, tenant, now):
        assert row.override is not None
        yield Reference("flow", row.key.namespace, row.key.flow_id), row.key.id, row.override
    for found in schedule_override.counting(tx, tenant, now):
        yield Reference("schedule", found.namespace, found.id), found.id, found.override


def _sentence(reference: Reference, id_: str, override: Override) -> str:
    until = f" until {override.expires_at:%Y-%m-%d %H:%M} UTC" if override.expires_at else ""
    state = "off" if override.disabled else "on"
    what = f"The trigger `{id_}`" if reference.kind == "flow" else "The schedule"
    return f"{what} is switched {state} by {override.actor}{until}: {override.reason}"


def _form(
    tx: Connection, tenant: str, reference: Reference, id_: str, override: Override
) -> dict[str, Json]:
    flow_id: str | None = reference.id
    if reference.kind == "schedule":
        row = schedule.find(tx, tenant, reference.namespace, id_)
        flow_id = None if row is None else row.flow_id
    return {
        "kind": "trigger" if reference.kind == "flow" else "schedule",
        "namespace": reference.namespace,
        "flowId": flow_id,
        "id": id_,
        **shown(override),
        "message": _sentence(reference, id_, override),
    }
