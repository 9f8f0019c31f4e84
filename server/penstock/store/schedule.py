"""Declared schedules: a flow on a timetable, beside the triggers inside flows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select
from sqlmodel import Field

from penstock.model.frozen import Json
from penstock.model.provenance import Provenance
from penstock.store.bulk import table_of
from penstock.store.column import JsonText
from penstock.store.declared import Declared, DeclaredTable, record


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


ROWS = DeclaredTable(_schedule, ScheduleRow)
# As functions of the module, as in the other files of this package.
find, page, put = ROWS.find, ROWS.page, ROWS.put


def of_flow(tx: Connection, tenant: str, namespace: str, flow_id: str) -> list[ScheduleRow]:
    """The schedules that start a flow."""
    statement = select(_schedule).where(
        _schedule.c.tenant == tenant,
        _schedule.c.namespace == namespace,
        _schedule.c.flow_id == flow_id,
    )
    return [record(ScheduleRow, row) for row in tx.execute(statement.order_by(_schedule.c.id))]
