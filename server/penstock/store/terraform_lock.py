"""Locks of Terraform's states: who works on a workspace. They outlast restarts and never expire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlmodel import Field, SQLModel

from penstock.model.frozen import Json
from penstock.store.bulk import table_of
from penstock.store.column import Instant, JsonText
from penstock.store.declared import record


class TerraformLockTable(SQLModel, table=True):
    """The one lock of a workspace."""

    __tablename__ = "terraform_lock"  # pyrefly: ignore[bad-override] - as SQLModel documents it

    tenant: str = Field(primary_key=True, max_length=100)
    workspace: str = Field(primary_key=True, max_length=100)
    id: str
    info: Json = Field(sa_type=JsonText)
    at: datetime = Field(sa_type=Instant)
    by: str


_locks = table_of(TerraformLockTable)


@dataclass(frozen=True, slots=True)
class StateLock:
    """A lock as it was taken; `info` is what Terraform said, word for word."""

    tenant: str
    workspace: str
    id: str
    info: dict[str, Json]
    at: datetime
    by: str


def find(tx: Connection, tenant: str, workspace: str) -> StateLock | None:
    """The workspace's lock, or None."""
    return find_many(tx, tenant, [workspace]).get(workspace)


def find_many(tx: Connection, tenant: str, workspaces: Sequence[str]) -> dict[str, StateLock]:
    """Locks by workspace."""
    statement = select(_locks).where(_locks.c.tenant == tenant, _locks.c.workspace.in_(workspaces))
    return {row.workspace: record(StateLock, row) for row in tx.execute(statement)}


def insert(tx: Connection, lock: StateLock) -> None:
    """Takes the lock."""
    tx.execute(
        _locks.insert().values(
            tenant=lock.tenant,
            workspace=lock.workspace,
            id=lock.id,
            info=lock.info,
            at=lock.at,
            by=lock.by,
        )
    )


def delete(tx: Connection, tenant: str, workspace: str) -> None:
    """Gives the lock back."""
    tx.execute(_locks.delete().where(_locks.c.tenant == tenant, _locks.c.workspace == workspace))
