"""What key-value pairs were before: one version a write, the newest ones of each pair."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlmodel import Field, SQLModel

from penstock.model.frozen import Json
from penstock.store.bulk import table_of
from penstock.store.column import Instant, JsonText
from penstock.store.declared import put, record

KEPT = 100
"""So many versions of a pair stay; a flow that counts in a pair must not fill the disk."""


class KvVersionTable(SQLModel, table=True):
    """A pair as one write left it."""

    __tablename__ = "kv_version"  # pyrefly: ignore[bad-override] - as SQLModel documents it

    tenant: str = Field(primary_key=True, max_length=100)
    namespace: str = Field(primary_key=True, max_length=150)
    key: str = Field(primary_key=True, max_length=256)
    revision: int = Field(primary_key=True)
    value: Json = Field(default=None, sa_type=JsonText, nullable=True)
    type: str | None = Field(default=None, max_length=10)
    description: str | None = None
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    at: datetime = Field(sa_type=Instant)


_versions = table_of(KvVersionTable)


@dataclass(frozen=True, slots=True)
class KvVersion:
    """One version; `type` is only kept where the value does not show it."""

    tenant: str
    namespace: str
    key: str
    revision: int
    at: datetime
    value: Json = None
    type: str | None = None
    description: str | None = None
    expires_at: datetime | None = None


def append(tx: Connection, version: KvVersion) -> None:
    """Keeps a version, and lets go of the one that is too many."""
    put(tx, _versions, version)
    if version.revision > KEPT:
        tx.execute(
            _versions.delete().where(
                *_of(version.tenant, version.namespace, version.key),
                _versions.c.revision <= version.revision - KEPT,
            )
        )


def page(tx: Connection, tenant: str, namespace: str, key: str) -> list[KvVersion]:
    """The versions of a pair, newest first."""
    statement = select(_versions).where(*_of(tenant, namespace, key))
    rows = tx.execute(statement.order_by(_versions.c.revision.desc()))
    return [record(KvVersion, row) for row in rows]


def delete(
    tx: Connection,
    tenant: str,
    namespace: str,
    key: str,
    *,
    revisions: Collection[int] | None = None,
) -> None:
    """Removes versions of a pair: all of them, or those that are named."""
    statement = _versions.delete().where(*_of(tenant, namespace, key))
    if revisions is not None:
        statement = statement.where(_versions.c.revision.in_(revisions))
    tx.execute(statement)


def _of(tenant: str, namespace: str, key: str):  # noqa: ANN202 - conditions, as `where` takes them
    return (
        _versions.c.tenant == tenant,
        _versions.c.namespace == namespace,
        _versions.c.key == key,
    )
