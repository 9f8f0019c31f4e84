"""Log lines of executions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select
from sqlmodel import Field, SQLModel

from penstock.model.task import LogLevel
from penstock.store.bulk import Upsert, table_of
from penstock.store.column import Instant

_LEVELS = tuple(level.value for level in LogLevel)


class LogRow(SQLModel, table=True):
    """One line; `seq` counts within the execution, from 1. Secrets are masked before."""

    __tablename__ = "log"  # pyrefly: ignore[bad-override] - as SQLModel documents it
    __table_args__ = {"sqlite_with_rowid": False}

    execution_id: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    tenant: str
    at: datetime = Field(sa_type=Instant)
    level: str
    task_run_id: str | None = None
    task_id: str | None = None
    attempt: int | None = None
    message: str


table = table_of(LogRow)
_COLUMNS = (
    "execution_id",
    "seq",
    "tenant",
    "at",
    "level",
    "task_run_id",
    "task_id",
    "attempt",
    "message",
)
_INSERT = Upsert(LogRow, _COLUMNS, ("execution_id", "seq"), replaces=False)


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of an execution's log; `seq` is 0 until it is stored."""

    at: datetime
    level: LogLevel
    message: str
    task_run_id: str | None = None
    task_id: str | None = None
    attempt: int | None = None
    seq: int = 0


def append_many(tx: Connection, lines: Iterable[tuple[str, str, LogLine]]) -> None:
    """Appends (tenant, execution id, line) triples whose `seq` the executor has counted."""
    _INSERT.write(
        tx,
        [
            (
                execution_id,
                line.seq,
                tenant,
                line.at,
                line.level,
                line.task_run_id,
                line.task_id,
                line.attempt,
                line.message,
            )
            for tenant, execution_id, line in lines
        ],
    )


def page(
    tx: Connection,
    tenant: str,
    execution_id: str,
    *,
    min_level: LogLevel = LogLevel.TRACE,
    task_run_id: str | None = None,
    after: int = 0,
    limit: int = 1000,
) -> list[LogLine]:
    """An execution's lines in order, from the first whose `seq` is greater than `after`."""
    levels = _LEVELS[_LEVELS.index(min_level.value) :]
    query = select(table).where(
        table.c.execution_id == execution_id, table.c.tenant == tenant, table.c.seq > after
    )
    if len(levels) < len(_LEVELS):
        query = query.where(table.c.level.in_(levels))
    if task_run_id is not None:
        query = query.where(table.c.task_run_id == task_run_id)
    return [
        LogLine(
            at=row["at"],
            level=LogLevel(row["level"]),
            message=row["message"],
            task_run_id=row["task_run_id"],
            task_id=row["task_id"],
            attempt=row["attempt"],
            seq=row["seq"],
        )
        for row in tx.execute(query.order_by(table.c.seq).limit(limit)).mappings()
    ]


def last_numbers(tx: Connection, execution_ids: Sequence[str]) -> dict[str, int]:
    """The greatest `seq` of each execution that has lines."""
    query = (
        select(table.c.execution_id, func.max(table.c.seq))
        .where(table.c.execution_id.in_(execution_ids))
        .group_by(table.c.execution_id)
    )
    return {row[0]: row[1] for row in tx.execute(query)}
