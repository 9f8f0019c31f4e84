"""What people have decided against declared schedules, for as long as it counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, or_, select
from sqlmodel import Field, SQLModel

from penstock.store import declared
from penstock.store.bulk import table_of
from penstock.store.column import Instant
from penstock.store.declared import record
from penstock.store.trigger import Override


class ScheduleOverrideTable(SQLModel, table=True):
    """Whether one schedule is switched off, or on, whatever is declared of it."""

    __tablename__ = "schedule_override"  # pyrefly: ignore[bad-override] - as SQLModel documents it

    tenant: str = Field(primary_key=True, max_length=100)
    namespace: str = Field(primary_key=True, max_length=150)
    id: str = Field(primary_key=True, max_length=100)
    disabled: bool
    reason: str
    actor: str
    at: datetime = Field(sa_type=Instant)
    expires_at: datetime | None = Field(default=None, sa_type=Instant, index=True)


class ScheduleKey(NamedTuple):
    """Which schedule."""

    tenant: str
    namespace: str
    id: str


@dataclass(frozen=True, slots=True)
class ScheduleOverrideRow:
    """What somebody decided of a schedule, until `expires_at`."""

    tenant: str
    namespace: str
    id: str
    disabled: bool
    reason: str
    actor: str
    at: datetime
    expires_at: datetime | None

    @property
    def key(self) -> ScheduleKey:
        """Which schedule."""
        return ScheduleKey(self.tenant, self.namespace, self.id)

    @property
    def override(self) -> Override:
        """What was decided."""
        return Override(self.disabled, self.reason, self.actor, self.at, self.expires_at)


table = table_of(ScheduleOverrideTable)


def find(tx: Connection, key: ScheduleKey) -> Override | None:
    """What somebody has decided of a schedule, or None."""
    row = tx.execute(select(table).where(*_same(key))).first()
    return None if row is None else record(ScheduleOverrideRow, row).override


def put(tx: Connection, key: ScheduleKey, override: Override) -> None:
    """Decides against what is declared."""
    row = ScheduleOverrideRow(
        *key,
        disabled=override.disabled,
        reason=override.reason,
        actor=override.actor,
        at=override.at,
        expires_at=override.expires_at,
    )
    declared.put(tx, table, row)


def remove(tx: Connection, key: ScheduleKey) -> None:
    """Takes that back."""
    tx.execute(delete(table).where(*_same(key)))


def counting(tx: Connection, tenant: str, now: datetime) -> list[ScheduleOverrideRow]:
    """Those of a tenant that count now, by namespace and id."""
    query = select(table).where(
        table.c.tenant == tenant, or_(table.c.expires_at.is_(None), table.c.expires_at > now)
    )
    found = tx.execute(query.order_by(table.c.namespace, table.c.id))
    return [record(ScheduleOverrideRow, row) for row in found]


def expired(tx: Connection, now: datetime) -> list[ScheduleOverrideRow]:
    """Those of every tenant whose time is over."""
    found = tx.execute(select(table).where(table.c.expires_at <= now))
    return [record(ScheduleOverrideRow, row) for row in found]


def _same(key: ScheduleKey) -> tuple[ColumnElement[bool], ...]:
    return (table.c.tenant == key.tenant, table.c.namespace == key.namespace, table.c.id == key.id)
