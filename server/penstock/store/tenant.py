"""Tenants: the boundary that nothing crosses."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select
from sqlmodel import Field, SQLModel

from penstock.store.bulk import table_of
from penstock.store.column import Instant


class TenantTable(SQLModel, table=True):
    """A tenant and its data key for secrets, wrapped by the master key."""

    __tablename__ = "tenant"  # pyrefly: ignore[bad-override] - as SQLModel documents it

    id: str = Field(primary_key=True, max_length=100)
    wrapped_key: bytes | None = None
    created_at: datetime = Field(sa_type=Instant)


_tenant = table_of(TenantTable)


def exists(tx: Connection, tenant: str) -> bool:
    """Whether there is such a tenant."""
    return tx.execute(select(_tenant.c.id).where(_tenant.c.id == tenant)).first() is not None


def names(tx: Connection) -> tuple[str, ...]:
    """Every tenant's id, sorted."""
    return tuple(tx.execute(select(_tenant.c.id).order_by(_tenant.c.id)).scalars())


def create(tx: Connection, tenant: str, *, now: datetime) -> None:
    """Adds a tenant without a data key."""
    tx.execute(_tenant.insert().values(id=tenant, created_at=now))


def wrapped_key(tx: Connection, tenant: str) -> bytes | None:
    """The tenant's data key as stored, or None before the first secret."""
    return tx.execute(select(_tenant.c.wrapped_key).where(_tenant.c.id == tenant)).scalar()


def set_wrapped_key(tx: Connection, tenant: str, wrapped: bytes) -> None:
    """Stores the tenant's data key."""
    tx.execute(_tenant.update().where(_tenant.c.id == tenant).values(wrapped_key=wrapped))
