"""States of Terraform at rest: one encrypted version a write, the newest ones of each workspace."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, Connection, func, select
from sqlmodel import Field, SQLModel

from penstock.store.bulk import table_of
from penstock.store.column import Instant
from penstock.store.declared import record
from penstock.store.terraform_lock import TerraformLockTable


class TerraformStateTable(SQLModel, table=True):
    """A version of a workspace's state; one without `box` says that it was deleted."""

    __tablename__ = "terraform_state"  # pyrefly: ignore[bad-override] - as SQLModel documents it

    tenant: str = Field(primary_key=True, max_length=100)
    workspace: str = Field(primary_key=True, max_length=100)
    version: int = Field(primary_key=True)
    serial: int | None = Field(default=None, sa_type=BigInteger)
    lineage: str | None = None
    size: int | None = None
    sha256: str | None = Field(default=None, max_length=64)
    at: datetime = Field(sa_type=Instant)
    by: str
    run_id: str | None = None
    lock_id: str | None = None
    box: bytes | None = None


_states = table_of(TerraformStateTable)
_locks = table_of(TerraformLockTable)
_SHOWN = [column for column in _states.c if column.name != "box"]


@dataclass(frozen=True, slots=True)
class StateVersion:
    """What there is to say of one version; `serial` and the others are None where it deletes."""

    tenant: str
    workspace: str
    version: int
    at: datetime
    by: str
    serial: int | None = None
    lineage: str | None = None
    size: int | None = None
    sha256: str | None = None
    run_id: str | None = None
    lock_id: str | None = None


@dataclass(frozen=True, slots=True)
class StoredState:
    """A version with its content, encrypted."""

    version: StateVersion
    box: bytes = field(repr=False)


def newest(tx: Connection, tenant: str, workspace: str) -> StateVersion | None:
    """The newest version; it may be one that deletes."""
    found = versions(tx, tenant, workspace, limit=1)
    return found[0] if found else None


def find(
    tx: Connection, tenant: str, workspace: str, version: int | None = None
) -> StoredState | None:
    """A version with its content, the newest by default; None where there is no content."""
    statement = select(_states).where(*_of(tenant, workspace))
    if version is not None:
        statement = statement.where(_states.c.version == version)
    row = tx.execute(statement.order_by(_states.c.version.desc()).limit(1)).first()
    if row is None or row.box is None:
        return None
    shown = {column.name: getattr(row, column.name) for column in _SHOWN}
    return StoredState(StateVersion(**shown), row.box)


def versions(tx: Connection, tenant: str, workspace: str, *, limit: int) -> list[StateVersion]:
    """Versions without content, newest first."""
    statement = select(*_SHOWN).where(*_of(tenant, workspace))
    statement = statement.order_by(_states.c.version.desc()).limit(limit)
    return [record(StateVersion, row) for row in tx.execute(statement)]


def highest_serial(tx: Connection, tenant: str, workspace: str) -> int:
    """The highest serial among what is kept."""
    statement = select(func.max(_states.c.serial)).where(*_of(tenant, workspace))
    return tx.execute(statement).scalar() or 0


def workspaces(tx: Connection, tenant: str, *, after: str | None, limit: int) -> list[str]:
    """Names that have a state, had one, or are locked for their first, in order."""
    names = (
        select(_states.c.workspace)
        .where(_states.c.tenant == tenant)
        .union(select(_locks.c.workspace).where(_locks.c.tenant == tenant))
        .subquery()
    )
    statement = select(names.c.workspace)
    if after is not None:
        statement = statement.where(names.c.workspace > after)
    return list(tx.execute(statement.order_by(names.c.workspace).limit(limit)).scalars())


def append(tx: Connection, version: StateVersion, box: bytes | None, *, kept: int) -> None:
    """Adds a version, and lets go of those that are too many."""
    values = {column.name: getattr(version, column.name) for column in _SHOWN}
    tx.execute(_states.insert().values(**values, box=box))
    too_old = _states.c.version <= version.version - kept
    tx.execute(_states.delete().where(*_of(version.tenant, version.workspace), too_old))


def purge(tx: Connection, tenant: str, workspace: str) -> int:
    """Removes all versions; tells how many there were."""
    return tx.execute(_states.delete().where(*_of(tenant, workspace))).rowcount


def _of(tenant: str, workspace: str) -> tuple[ColumnElement[bool], ...]:
    return _states.c.tenant == tenant, _states.c.workspace == workspace
