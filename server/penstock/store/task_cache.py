"""Outputs of tasks that need not run again while nothing that they are given changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, or_, select
from sqlmodel import Field, SQLModel

from penstock.model.frozen import Json
from penstock.store.bulk import Upsert, table_of
from penstock.store.column import Instant, JsonText


class TaskCacheRow(SQLModel, table=True):
    """The outputs of a task by the hash of everything that it was given."""

    __tablename__ = "task_cache"  # pyrefly: ignore[bad-override] - as SQLModel documents it

    tenant: str = Field(primary_key=True)
    namespace: str = Field(primary_key=True)
    flow_id: str = Field(primary_key=True)
    task_id: str = Field(primary_key=True)
    hash: str = Field(primary_key=True, max_length=64)
    outputs: dict[str, Json] = Field(sa_type=JsonText)
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime | None = Field(default=None, sa_type=Instant, index=True)


table = table_of(TaskCacheRow)
_COLUMNS = tuple(table.columns.keys())
_UPSERT = Upsert(TaskCacheRow, _COLUMNS, ("tenant", "namespace", "flow_id", "task_id", "hash"))


@dataclass(frozen=True, slots=True)
class CacheKey:
    """A task of a flow, and the hash of what it is given."""

    tenant: str
    namespace: str
    flow_id: str
    task_id: str
    hash: str


def find(tx: Connection, key: CacheKey, *, now: datetime) -> dict[str, Json] | None:
    """The outputs that are kept and have not expired."""
    query = select(table.c.outputs).where(
        table.c.tenant == key.tenant,
        table.c.namespace == key.namespace,
        table.c.flow_id == key.flow_id,
        table.c.task_id == key.task_id,
        table.c.hash == key.hash,
        or_(table.c.expires_at.is_(None), table.c.expires_at > now),
    )
    return tx.execute(query).scalar_one_or_none()


def put(
    tx: Connection,
    key: CacheKey,
    outputs: dict[str, Json],
    *,
    now: datetime,
    expires_at: datetime | None,
) -> None:
    """Keeps outputs; those that have expired are swept away."""
    tx.execute(table.delete().where(table.c.expires_at <= now))
    cells = (key.tenant, key.namespace, key.flow_id, key.task_id, key.hash)
    _UPSERT.write(tx, [(*cells, outputs, now, expires_at)])
