"""Declared schedules: a flow on a timetable, beside the triggers inside flows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select
from sqlmodel import Field

from penstock.model.frozen import Json
from penstock.model.provenance import Provenance
from penstock.store import declared
from penstock.store.bulk import table_of
from penstock.store.column import JsonText
from penstock.store.declared import Declared, record


class ScheduleTable(Declared, table=True):
    """A schedule of one flow of its namespace."""

    __tablename__ = "schedule"  # pyrefly: ignore[bad-override] - as SQLModel documents it

    id: str = Field(primary_key=True, max_length=100)
    flow_id: str = Field(index=True, max_length=100)
    cron: str
    timezone: str
    inputs: dict[str, Json] = Field(sa_type=JsonText)
    disabled: bool = False
    description: str | None = None
    allow_concurrent: bool = False


_schedule = table_of(ScheduleTable)


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """A declared schedule as stored."""

    tenant: str
    namespace: str
    id: str
    flow_id: str
    cron: str
    owner: str
    revision: int
    content_hash: str
    created_at: datetime
    updated_at: datetime
    provenance: Provenance = field(default_factory=Provenance)
    timezone: str = "UTC"
    inputs: dict[str, Json] = field(default_factory=dict)
    disabled: bool = False
    allow_concurrent: bool = False
    description: str | None = None


def find(tx: Connection, tenant: str, namespace: str, id: str) -> ScheduleRow | None:  # noqa: A002 - the word of the API
    """The declared schedule, or None."""
    row = tx.execute(
        select(_schedule).where(
            _schedule.c.tenant == tenant,
            _schedule.c.namespace == namespace,
            _schedule.c.id == id,
        )
    ).first()
    return None if row is None else record(ScheduleRow, row)


def page(
    tx: Connection,
    tenant: str,
    *,
    namespace: str | None = None,
    after: tuple[str, ...] | None = None,
    limit: int,
) -> list[ScheduleRow]:
    """Schedules in order of namespace and id; `namespace` keeps it and those below it."""
    statement = select(_schedule).where(_schedule.c.tenant == tenant)
    if namespace is not None:
        statement = statement.where(declared.below(_schedule.c.namespace, namespace))
    statement = declared.page_after(statement, (_schedule.c.namespace, _schedule.c.id), after)
    return [record(ScheduleRow, row) for row in tx.execute(statement.limit(limit))]


def of_flow(tx: Connection, tenant: str, namespace: str, flow_id: str) -> list[ScheduleRow]:
    """The schedules that start a flow."""
    statement = select(_schedule).where(
        _schedule.c.tenant == tenant,
        _schedule.c.namespace == namespace,
        _schedule.c.flow_id == flow_id,
    )
    return [record(ScheduleRow, row) for row in tx.execute(statement.order_by(_schedule.c.id))]


def put(tx: Connection, row: ScheduleRow) -> None:
    """Creates or overwrites a schedule."""
    declared.put(
        tx,
        _schedule,
        {"tenant": row.tenant, "namespace": row.namespace, "id": row.id},
        {
            "owner": row.owner,
            "revision": row.revision,
            "content_hash": row.content_hash,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
            "provenance": row.provenance,
            "flow_id": row.flow_id,
            "cron": row.cron,
            "timezone": row.timezone,
            "inputs": row.inputs,
            "disabled": row.disabled,
            "allow_concurrent": row.allow_concurrent,
            "description": row.description,
        },
    )


def delete(tx: Connection, tenant: str, namespace: str, id: str) -> None:  # noqa: A002 - the word of the API
    """Removes a schedule."""
    tx.execute(
        _schedule.delete().where(
            _schedule.c.tenant == tenant,
            _schedule.c.namespace == namespace,
            _schedule.c.id == id,
        )
    )
