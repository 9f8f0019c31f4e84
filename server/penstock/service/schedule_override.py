"""Declared schedules as people operate them: switched off, or on, for a while."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from penstock.errors import Conflict, NotFound
from penstock.model.frozen import Json
from penstock.security.caller import Caller
from penstock.service import form
from penstock.service.kind import KIND
from penstock.service.objectset import Reference
from penstock.service.override import decision, options
from penstock.service.services import Services
from penstock.service.timing import first_after
from penstock.store import audit, timetable
from penstock.store import schedule_override as rows
from penstock.store.audit import AuditRecord
from penstock.store.schedule_override import ScheduleKey
from penstock.store.trigger import Override

Detail = dict[str, Json]


@dataclass(frozen=True, slots=True)
class _Case:
    """What somebody asks of a schedule."""

    key: ScheduleKey
    caller: Caller
    given: dict[str, Json]
    now: datetime
    override: Override | None


@dataclass(frozen=True, slots=True)
class Operation:
    """What can be done with a schedule; `act` gives back what the audit log says of it."""

    help: str
    act: Callable[[Connection, _Case], Detail | None]
    options: frozenset[str] = frozenset()


def operate(
    services: Services, caller: Caller, name: str, reference: Reference, body: Json
) -> dict[str, Json]:
    """Does one of `OPERATIONS` with a schedule, audited, and gives it back as it is then.

    Raises `NotFound`, `InvalidObject`, and `Conflict` when it makes no sense now.
    """
    operation = OPERATIONS[name]
    given = options(body, operation.options)
    now = services.now()
    key = ScheduleKey(caller.tenant, reference.namespace, reference.id)
    kind = KIND["schedule"]
    with services.database.transaction() as tx:
        row = kind.find(tx, services, caller.tenant, reference)
        if row is None:
            raise NotFound(f"There is no {reference}.")
        detail = operation.act(tx, _Case(key, caller, given, now, rows.find(tx, key)))
        audit.append_many(tx, [_event(key, name, caller.actor, now, detail)])
        made = kind.form(tx, services, row)
    services.changed(True)
    return made


def end_override(tx: Connection, key: ScheduleKey, now: datetime) -> None:
    """A schedule does what is declared again, because the time of what somebody decided is over."""
    _take_back(tx, key, now)
    detail: Detail = {"reason": "its time is over"}
    audit.append_many(tx, [_event(key, "follow", "system", now, detail)])


def _disable(tx: Connection, case: _Case) -> Detail:
    return _switch(tx, case, disabled=True)


def _enable(tx: Connection, case: _Case) -> Detail:
    return _switch(tx, case, disabled=False)


def _switch(tx: Connection, case: _Case, *, disabled: bool) -> Detail:
    override = decision(case.given, case.caller, case.now, disabled=disabled)
    rows.put(tx, case.key, override)
    if not disabled:
        _retime(tx, case.key, case.now)
    return {"reason": override.reason, "expiresAt": form.instant(override.expires_at)}


def _follow(tx: Connection, case: _Case) -> None:
    if case.override is None:
        raise Conflict("The schedule does what is declared already.")
    _take_back(tx, case.key, case.now)


OPERATIONS: dict[str, Operation] = {
    "disable": Operation(
        "Keeps a schedule from starting anything, for a while, whatever is declared.",
        _disable,
        frozenset({"reason", "expiresAt"}),
    ),
    "enable": Operation(
        "Lets a schedule start its flow, for a while, though it is declared as disabled.",
        _enable,
        frozenset({"reason", "expiresAt"}),
    ),
    "follow": Operation("Lets a schedule do what is declared again.", _follow),
}
"""What can be done with a schedule, by name."""


def _take_back(tx: Connection, key: ScheduleKey, now: datetime) -> None:
    rows.remove(tx, key)
    _retime(tx, key, now)


def _retime(tx: Connection, key: ScheduleKey, now: datetime) -> None:
    """Counts the fires from now: what passed while it was off is not made up for."""
    found = timetable.find(tx, key.tenant, "schedule", key.namespace, key.id)
    counted = [replace(entry, next_fire_at=first_after(entry, now)) for entry in found]
    timetable.replace(tx, key.tenant, counted)


def _event(
    key: ScheduleKey, name: str, actor: str, now: datetime, detail: Detail | None
) -> AuditRecord:
    return AuditRecord(
        tenant=key.tenant,
        at=now,
        actor=actor,
        action=f"schedule.{name}",
        object=f"schedule/{key.namespace}/{key.id}",
        detail=detail,
    )
