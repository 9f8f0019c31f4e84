"""Triggers as the server keeps them: shown, switched on and off, unlocked, run for the past."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Connection

from penstock.errors import Conflict, InvalidObject, NotFound
from penstock.language.input_order import entries
from penstock.language.inputs import is_given
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.security.caller import Caller
from penstock.service import form
from penstock.service.inputs import refuse_sealed
from penstock.service.override import decision, invalid, moment, options, shown
from penstock.service.services import Services
from penstock.service.timing import first_after
from penstock.store import audit, timetable
from penstock.store import trigger as rows
from penstock.store.audit import AuditRecord
from penstock.store.timetable import TimetableEntry
from penstock.store.trigger import TriggerKey, TriggerRow

Body = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a trigger is written."""

    namespace: str
    flow_id: str
    id: str

    def key(self, tenant: str) -> TriggerKey:
        """Its key in a tenant."""
        return TriggerKey(tenant, self.namespace, self.flow_id, self.id)

    def __str__(self) -> str:
        return f"{self.namespace}/{self.flow_id}/{self.id}"


def page(
    services: Services,
    caller: Caller,
    *,
    namespace: str | None = None,
    flow_id: str | None = None,
    cursor: str | None = None,
    limit: int,
) -> dict[str, Json]:
    """Triggers by namespace, flow and id."""
    after = None if cursor is None else tuple(cursor.split("/"))
    if after is not None and len(after) != 3:  # noqa: PLR2004 - the parts of an address
        problem = Problem("The cursor is none of ours.", path="cursor", code="invalid-cursor")
        raise InvalidObject(problem.message, problems=[problem])
    with services.database.read() as tx:
        found = rows.page(
            tx, caller.tenant, namespace=namespace, flow_id=flow_id, after=after, limit=limit + 1
        )
        shown = found[:limit]
        items: list[Json] = [_form(tx, row) for row in shown]
    last = shown[-1].key if len(found) > limit else None
    return {
        "items": items,
        "nextCursor": None if last is None else f"{last.namespace}/{last.flow_id}/{last.id}",
    }


def get(services: Services, caller: Caller, address: Address) -> dict[str, Json]:
    """A trigger. Raises `NotFound`."""
    with services.database.read() as tx:
        return _form(tx, _found(tx, caller, address))


def operate(
    services: Services, caller: Caller, name: str, address: Address, body: Json
) -> dict[str, Json]:
    """Does one of `OPERATIONS` with a trigger, audited, and gives it back as it is then.

    Raises `NotFound`, `InvalidObject`, and `Conflict` when it makes no sense now.
    """
    operation = OPERATIONS[name]
    given = options(body, operation.options)
    now = services.now()
    with services.database.transaction() as tx:
        row = _found(tx, caller, address)
        detail = operation.act(tx, _Case(row, caller, given, now, services))
        record = AuditRecord(
            tenant=caller.tenant,
            at=now,
            actor=caller.actor,
            action=f"trigger.{name}",
            object=f"trigger/{address}",
            detail=detail,
        )
        audit.append_many(tx, [record])
        made = _form(tx, _found(tx, caller, address))
    services.changed(True)
    return made


@dataclass(frozen=True, slots=True)
class _Case:
    """What somebody asks of a trigger."""

    row: TriggerRow
    caller: Caller
    given: Body
    now: datetime
    services: Services


@dataclass(frozen=True, slots=True)
class Operation:
    """What can be done with a trigger; `act` gives back what the audit log says of it."""

    help: str
    act: Callable[[Connection, _Case], dict[str, Json] | None]
    options: frozenset[str] = frozenset()


def _switch(tx: Connection, case: _Case, *, disabled: bool) -> dict[str, Json]:
    override = decision(case.given, case.caller, case.now, disabled=disabled)
    rows.set_override(tx, case.row.key, override)
    if not disabled:
        retime(tx, case.row.key, case.now)
    return {"reason": override.reason, "expiresAt": form.instant(override.expires_at)}


def _enable(tx: Connection, case: _Case) -> dict[str, Json]:
    return _switch(tx, case, disabled=False)


def _disable(tx: Connection, case: _Case) -> dict[str, Json]:
    return _switch(tx, case, disabled=True)


def _follow(tx: Connection, case: _Case) -> None:
    if case.row.override is None:
        raise Conflict("The trigger does what its flow says already.")
    rows.set_override(tx, case.row.key, None)
    retime(tx, case.row.key, case.now)


def _unlock(tx: Connection, case: _Case) -> None:
    rows.unlock(tx, case.row.key)
    for entry in _entries(tx, case.row.key):
        timetable.unlock(tx, entry)


def _restart(tx: Connection, case: _Case) -> None:
    _unlock(tx, case)
    rows.set_state(tx, case.row.key, None)
    if case.row.next_at is not None:
        rows.set_next(tx, case.row.key, case.now)
    retime(tx, case.row.key, case.now)


def _forget(tx: Connection, case: _Case) -> None:
    rows.set_override(tx, case.row.key, None)
    rows.set_backfill(tx, case.row.key, None)
    _restart(tx, case)


def _backfill(tx: Connection, case: _Case) -> dict[str, Json]:
    if not _entries(tx, case.row.key):
        raise Conflict("Only a Schedule or ScheduleOnDates trigger has dates to run.")
    if case.row.backfill is not None:
        raise Conflict("There is a backfill already.", hint="Delete it, or wait for its end.")
    start, end = moment(case.given, "start"), moment(case.given, "end") or case.now
    if start is None:
        raise invalid("`start` must be a moment such as `2026-01-31T00:00:00Z`.", "start")
    if end > case.now:
        raise invalid("`end` must not be in the future.", "end")
    if start >= end:
        raise invalid("`start` must be before `end`.", "start")
    inputs, labels = case.given.get("inputs", {}), case.given.get("labels", {})
    if not isinstance(inputs, dict):
        raise invalid("`inputs` must be an object.", "inputs")
    refuse_sealed(inputs, "inputs")
    _refuse_secrets(tx, case, inputs)
    if not isinstance(labels, dict) or not all(isinstance(each, str) for each in labels.values()):
        raise invalid("`labels` must be an object of texts.", "labels")
    backfill: Body = {
        "start": form.instant(start),
        "end": form.instant(end),
        "at": form.instant(start - timedelta(microseconds=1)),
        "inputs": inputs,
        "labels": labels,
        "paused": case.given.get("paused") is True,
        "actor": case.caller.actor,
    }
    rows.set_backfill(tx, case.row.key, backfill)
    return {"start": backfill["start"], "end": backfill["end"]}


def _refuse_secrets(tx: Connection, case: _Case, inputs: Body) -> None:
    """What a backfill is given is kept readable until its last date has run."""
    key = case.row.key
    version = case.services.flows.latest(tx, key.tenant, key.namespace, key.flow_id)
    declared = () if version is None else entries(version.flow.inputs)
    for each in declared:
        if each.declared.is_secret and is_given(inputs, each.id):
            message = f"`{each.id}` is a SECRET input, and a backfill keeps its inputs readable."
            hint = "Leave it out, and let the trigger's `inputs` read it with `secret()`."
            path = f"inputs.{each.id}"
            problem = Problem(message, path=path, code="secret-input", hint=hint)
            raise InvalidObject(message, problems=[problem], hint=hint)


def _pause(tx: Connection, case: _Case) -> None:
    rows.set_backfill(tx, case.row.key, {**_running(case), "paused": True})


def _unpause(tx: Connection, case: _Case) -> None:
    rows.set_backfill(tx, case.row.key, {**_running(case), "paused": False})


def _end_backfill(tx: Connection, case: _Case) -> None:
    _running(case)
    rows.set_backfill(tx, case.row.key, None)


OPERATIONS: dict[str, Operation] = {
    "disable": Operation(
        "Keeps a trigger from starting anything, for a while, whatever its flow says.",
        _disable,
        frozenset({"reason", "expiresAt"}),
    ),
    "enable": Operation(
        "Lets a trigger start its flow, for a while, whatever the flow says.",
        _enable,
        frozenset({"reason", "expiresAt"}),
    ),
    "follow": Operation("Lets a trigger do what its flow says again.", _follow),
    "unlock": Operation("Forgets the execution for whose end a trigger waits.", _unlock),
    "restart": Operation("Lets a trigger begin anew from now, with nothing remembered.", _restart),
    "forget": Operation("Forgets everything about a trigger but what its flow says.", _forget),
    "backfill": Operation(
        "Runs the dates of a trigger between two moments of the past.",
        _backfill,
        frozenset({"start", "end", "inputs", "labels", "paused"}),
    ),
    "pause-backfill": Operation("Stops starting dates of a backfill.", _pause),
    "unpause-backfill": Operation("Goes on with a backfill.", _unpause),
    "delete-backfill": Operation("Ends a backfill; what it started goes on.", _end_backfill),
}
"""What can be done with a trigger, by name."""


def retime(tx: Connection, key: TriggerKey, now: datetime) -> None:
    """Counts the fires of a trigger from now: what passed while it was off is not made up for."""
    for entry in _entries(tx, key):
        timetable.replace(tx, key.tenant, [replace(entry, next_fire_at=first_after(entry, now))])


def end_override(tx: Connection, row: TriggerRow, now: datetime) -> None:
    """A trigger follows its flow again, because the time of what somebody decided is over."""
    rows.set_override(tx, row.key, None)
    retime(tx, row.key, now)
    key = row.key
    record = AuditRecord(
        tenant=key.tenant,
        at=now,
        actor="system",
        action="trigger.follow",
        object=f"trigger/{key.namespace}/{key.flow_id}/{key.id}",
        detail={"reason": "its time is over"},
    )
    audit.append_many(tx, [record])


def _entries(tx: Connection, key: TriggerKey) -> list[TimetableEntry]:
    found = timetable.find(tx, key.tenant, "trigger", key.namespace, key.flow_id)
    return [entry for entry in found if entry.id == key.id]


def _running(case: _Case) -> Body:
    if case.row.backfill is None:
        raise Conflict("There is no backfill of this trigger.")
    return case.row.backfill


def _found(tx: Connection, caller: Caller, address: Address) -> TriggerRow:
    row = rows.find(tx, address.key(caller.tenant))
    if row is None:
        raise NotFound(f"There is no trigger {address}.")
    return row


def _form(tx: Connection, row: TriggerRow) -> dict[str, Json]:
    key, override = row.key, row.override
    entry = next(iter(_entries(tx, key)), None)
    next_at = row.next_at if entry is None else entry.next_fire_at
    last_at = row.last_at if entry is None else entry.last_fire_at
    started = row.last_execution_id if entry is None else entry.last_execution_id
    return {
        "namespace": key.namespace,
        "flowId": key.flow_id,
        "id": key.id,
        "type": row.type,
        "declaredDisabled": row.is_disabled,
        "disabled": row.is_off,
        "override": None if override is None else shown(override),
        "nextAt": None if row.is_off else form.instant(next_at),
        "lastAt": form.instant(last_at),
        "lastExecutionId": started,
        "backfill": _backfill_form(row.backfill),
    }


def _backfill_form(backfill: Body | None) -> Json:
    """Of the inputs only the names: what they hold is for the executions."""
    if backfill is None:
        return None
    names: list[Json] = [*sorted(cast("Body", backfill["inputs"]))]
    return {**backfill, "inputs": names}
