"""Jobs: attempts that a worker must run, each under a lease."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update
from sqlmodel import Field, SQLModel

from penstock.store.bulk import Delete, Upsert, table_of
from penstock.store.column import Instant
from penstock.store.declared import record


class JobRow(SQLModel, table=True):
    """An attempt to run; nobody's while `owner` is NULL, else leased until `expires_at`."""

    __tablename__ = "job"  # pyrefly: ignore[bad-override] - as SQLModel documents it

    task_run_id: str = Field(primary_key=True)
    execution_id: str = Field(index=True)
    tenant: str
    task_id: str
    fence: int
    attempt: int
    owner: str | None = None
    expires_at: datetime | None = Field(default=None, sa_type=Instant)


table = table_of(JobRow)
_COLUMNS = (
    "task_run_id",
    "execution_id",
    "tenant",
    "task_id",
    "fence",
    "attempt",
    "owner",
    "expires_at",
)
_UPSERT = Upsert(JobRow, _COLUMNS, ("task_run_id",))
_DELETE = Delete(JobRow, "task_run_id")


@dataclass(frozen=True, slots=True)
class LeasedJob:
    """A job and who holds it."""

    task_run_id: str
    execution_id: str
    tenant: str
    task_id: str
    fence: int
    attempt: int
    owner: str | None = None
    expires_at: datetime | None = None


def upsert_many(tx: Connection, jobs: Iterable[LeasedJob]) -> None:
    """Writes jobs; a newer attempt of the same task run replaces the older one."""
    _UPSERT.write(
        tx,
        [
            (
                job.task_run_id,
                job.execution_id,
                job.tenant,
                job.task_id,
                job.fence,
                job.attempt,
                job.owner,
                job.expires_at,
            )
            for job in jobs
        ],
    )


def delete_many(tx: Connection, task_run_ids: Sequence[str]) -> None:
    """Forgets jobs whose result is recorded in the same transaction."""
    _DELETE.write(tx, task_run_ids)


def extend(tx: Connection, owner: str, expires_at: datetime) -> None:
    """The owner's heartbeat: all its leases last until `expires_at`."""
    tx.execute(update(table).where(table.c.owner == owner).values(expires_at=expires_at))


def release(tx: Connection, owner: str) -> None:
    """Gives back the owner's leases at a graceful stop."""
    tx.execute(update(table).where(table.c.owner == owner).values(owner=None, expires_at=None))


def lost(tx: Connection, owner: str, now: datetime) -> list[LeasedJob]:
    """Jobs of others whose lease ran out. Those without an owner wait for a free worker."""
    query = select(table).where(table.c.owner != owner, table.c.expires_at < now)
    return [record(LeasedJob, row) for row in tx.execute(query)]


def of_execution(tx: Connection, execution_id: str) -> list[LeasedJob]:
    """The jobs of an execution."""
    query = select(table).where(table.c.execution_id == execution_id)
    return [record(LeasedJob, row) for row in tx.execute(query)]


def everyone(tx: Connection) -> list[LeasedJob]:
    """Every job, for recovery at start and for `why`."""
    return [record(LeasedJob, row) for row in tx.execute(select(table))]
