"""Timers: what must happen to an execution at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, select
from sqlmodel import Field, SQLModel

from penstock.engine.message import TimerKind
from penstock.store.bulk import Delete, Upsert, table_of
from penstock.store.column import Instant


class TimerRow(SQLModel, table=True):
    """Wakes an execution at `at`."""

    __tablename__ = "timer"  # pyrefly: ignore[bad-override] - as SQLModel documents it

    id: str = Field(primary_key=True)
    execution_id: str = Field(index=True)
    tenant: str
    at: datetime = Field(sa_type=Instant)
    kind: str
    task_run_id: str | None = None
    fence: int


table = table_of(TimerRow)
_COLUMNS = ("id", "execution_id", "tenant", "at", "kind", "task_run_id", "fence")
_UPSERT = Upsert(TimerRow, _COLUMNS, ("id",))
_DELETE = Delete(TimerRow, "id")
_DELETE_ALL = Delete(TimerRow, "execution_id")


@dataclass(frozen=True, slots=True)
class StoredTimer:
    """A timer that survives a restart; `id` is made of what it wakes, so none exists twice."""

    execution_id: str
    tenant: str
    at: datetime
    kind: TimerKind
    task_run_id: str | None
    fence: int

    @property
    def id(self) -> str:
        """The row's key."""
        return f"{self.execution_id}/{self.kind.value}/{self.task_run_id or ''}/{self.fence}"


def upsert_many(tx: Connection, timers: Iterable[StoredTimer]) -> None:
    """Arms timers; the same wake-up armed again moves."""
    rows = {
        timer.id: (
            timer.id,
            timer.execution_id,
            timer.tenant,
            timer.at,
            timer.kind,
            timer.task_run_id,
            timer.fence,
        )
        for timer in timers
    }
    _UPSERT.write(tx, list(rows.values()))


def delete_many(tx: Connection, timer_ids: Sequence[str]) -> None:
    """Forgets timers that have fired."""
    _DELETE.write(tx, timer_ids)


def delete_of(tx: Connection, execution_ids: Sequence[str]) -> None:
    """Forgets all timers of executions that have ended."""
    _DELETE_ALL.write(tx, execution_ids)


def everyone(tx: Connection) -> list[StoredTimer]:
    """Every timer, earliest first, for recovery at start."""
    return _found(tx, select(table))


def of_execution(tx: Connection, execution_id: str) -> list[StoredTimer]:
    """The timers of an execution, earliest first."""
    return _found(tx, select(table).where(table.c.execution_id == execution_id))


def _found(tx: Connection, query: Select[tuple[object, ...]]) -> list[StoredTimer]:
    return [
        StoredTimer(
            execution_id=row["execution_id"],
            tenant=row["tenant"],
            at=row["at"],
            kind=TimerKind(row["kind"]),
            task_run_id=row["task_run_id"],
            fence=row["fence"],
        )
        for row in tx.execute(query.order_by(table.c.at)).mappings()
    ]
