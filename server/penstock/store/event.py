"""Events: everything that happened to an execution, append-only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select
from sqlmodel import Field, SQLModel

from penstock.model.frozen import Json
from penstock.store.bulk import Upsert, table_of
from penstock.store.column import Instant, JsonText


class EventRow(SQLModel, table=True):
    """One state change and what caused it; `seq` counts within the execution, from 1."""

    __tablename__ = "event"  # pyrefly: ignore[bad-override] - as SQLModel documents it
    __table_args__ = {"sqlite_with_rowid": False}

    execution_id: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    tenant: str
    at: datetime = Field(sa_type=Instant)
    kind: str
    state: str
    task_run_id: str | None = None
    detail: dict[str, Json] | None = Field(default=None, sa_type=JsonText)


table = table_of(EventRow)
_COLUMNS = ("execution_id", "seq", "tenant", "at", "kind", "state", "task_run_id", "detail")
_INSERT = Upsert(EventRow, _COLUMNS, ("execution_id", "seq"), replaces=False)

EventCells = tuple[str, int, str, datetime, str, str, str | None, dict[str, Json] | None]
"""execution id, seq, tenant, at, kind, state, task run id, detail."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A line of an execution's history."""

    seq: int
    at: datetime
    kind: str
    state: str
    task_run_id: str | None
    detail: dict[str, Json] | None


def append_many(tx: Connection, events: Sequence[EventCells]) -> None:
    """Appends events whose `seq` the executor has counted."""
    _INSERT.write(tx, events)


def of_execution(
    tx: Connection, tenant: str, execution_id: str, *, after: int = 0, limit: int = 1000
) -> list[StoredEvent]:
    """An execution's events in order, those with a `seq` greater than `after`."""
    query = (
        select(table)
        .where(table.c.execution_id == execution_id, table.c.tenant == tenant, table.c.seq > after)
        .order_by(table.c.seq)
        .limit(limit)
    )
    return [
        StoredEvent(
            seq=row["seq"],
            at=row["at"],
            kind=row["kind"],
            state=row["state"],
            task_run_id=row["task_run_id"],
            detail=row["detail"],
        )
        for row in tx.execute(query).mappings()
    ]


def last_numbers(tx: Connection, execution_ids: Iterable[str]) -> dict[str, int]:
    """The greatest `seq` of each execution that has events."""
    query = (
        select(table.c.execution_id, func.max(table.c.seq))
        .where(table.c.execution_id.in_(list(execution_ids)))
        .group_by(table.c.execution_id)
    )
    return {row[0]: row[1] for row in tx.execute(query)}
