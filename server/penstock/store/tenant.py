"""Tenants: the boundary that nothing crosses."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, func, select
from sqlmodel import Field, SQLModel

from penstock.model.provenance import Provenance
from penstock.store import declared
from penstock.store.bulk import table_of
from penstock.store.column import Instant, JsonText
from penstock.store.declared import ProvenanceText, record


class TenantTable(SQLModel, table=True):
    """A tenant and its data key for secrets, wrapped by the master key."""

    __tablename__ = "tenant"  # pyrefly: ignore[bad-override] - as SQLModel documents it

    id: str = Field(primary_key=True, max_length=100)
    wrapped_key: bytes | None = None
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)
    description: str | None = None
    labels: dict[str, str] | None = Field(default=None, sa_type=JsonText)
    owner: str
    revision: int
    provenance: Provenance | None = Field(default=None, sa_type=ProvenanceText)


_tenant = table_of(TenantTable)
_SHOWN = [column for column in _tenant.c if column.name != "wrapped_key"]


@dataclass(frozen=True, slots=True)
class TenantRow:
    """A tenant as stored, without its key."""

    id: str
    created_at: datetime
    updated_at: datetime
    owner: str = "api"
    revision: int = 1
    description: str | None = None
    labels: dict[str, str] | None = None
    provenance: Provenance = field(default_factory=Provenance)


def exists(tx: Connection, tenant: str) -> bool:
    """Whether there is such a tenant."""
    return tx.execute(select(_tenant.c.id).where(_tenant.c.id == tenant)).first() is not None


def find(tx: Connection, tenant: str) -> TenantRow | None:
    """The tenant, or None."""
    row = tx.execute(select(*_SHOWN).where(_tenant.c.id == tenant)).first()
    return None if row is None else record(TenantRow, row)


def page(tx: Connection, *, after: str | None = None, limit: int) -> list[TenantRow]:
    """Tenants in order of their ids."""
    statement = select(*_SHOWN)
    if after is not None:
        statement = statement.where(_tenant.c.id > after)
    found = tx.execute(statement.order_by(_tenant.c.id).limit(limit))
    return [record(TenantRow, row) for row in found]


def names(tx: Connection) -> tuple[str, ...]:
    """Every tenant's id, sorted."""
    return tuple(tx.execute(select(_tenant.c.id).order_by(_tenant.c.id)).scalars())


def create(tx: Connection, tenant: str, *, now: datetime) -> None:
    """Adds a tenant without a data key."""
    put(tx, TenantRow(tenant, now, now))


def put(tx: Connection, row: TenantRow) -> None:
    """Creates a tenant, or overwrites what is said of it."""
    declared.put(tx, _tenant, row)


def wrapped_key(tx: Connection, tenant: str) -> bytes | None:
    """The tenant's data key as stored, or None before the first secret."""
    return tx.execute(select(_tenant.c.wrapped_key).where(_tenant.c.id == tenant)).scalar()


def set_wrapped_key(tx: Connection, tenant: str, wrapped: bytes) -> None:
    """Stores the tenant's data key."""
    tx.execute(_tenant.update().where(_tenant.c.id == tenant).values(wrapped_key=wrapped))


_HELD = {
    "namespace": "namespaces",
    "flow": "flows",
    "schedule": "schedules",
    "secret": "secrets",
    "kv": "key-value pairs",
    "namespace_file": "files",
    "flow_test": "tests",
    "token": "tokens",
    "execution": "executions",
    "terraform_state": "Terraform state versions",
    "terraform_lock": "Terraform state locks",
}
_LEFT = (
    "event",
    "flow_reference",
    "flow_revision",
    "flow_test_result",
    "flow_trigger",
    "job",
    "kv_version",
    "log",
    "metric",
    "namespace_file",
    "schedule_override",
    "task_run",
    "timer",
    "timetable",
)
"""What may be left of objects and executions that are gone."""
_KEPT = ("audit_event",)
"""What stays when the tenant goes."""


def held(tx: Connection, tenant: str, *, now: datetime) -> dict[str, int]:
    """How many things of each kind the tenant holds, without those of which there is none.

    What a later release adds counts by the name of its table until it is known here: nothing is
    lost for having been forgotten.
    """
    found: dict[str, int] = {}
    for name, table in sorted(SQLModel.metadata.tables.items()):
        if "tenant" not in table.c or name in _KEPT or (name in _LEFT and name not in _HELD):
            continue
        query = select(func.count()).select_from(table).where(table.c.tenant == tenant)
        if name == "namespace_file":
            query = query.where(table.c.is_latest, ~table.c.deleted)
        elif name == "kv":
            query = query.where(table.c.expires_at.is_(None) | (table.c.expires_at > now))
        count = tx.execute(query).scalar_one()
        if count:
            found[_HELD.get(name, name)] = count
    return found


def delete(tx: Connection, tenant: str) -> None:
    """Removes a tenant that holds nothing, its key, and what is left of what it held."""
    for name, table in SQLModel.metadata.tables.items():
        if name in _LEFT or name == "kv":
            tx.execute(table.delete().where(table.c.tenant == tenant))
    tx.execute(_tenant.delete().where(_tenant.c.id == tenant))
