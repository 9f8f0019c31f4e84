"""Secrets at rest: ciphertext, never a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select
from sqlmodel import Field

from penstock.model.provenance import Provenance
from penstock.store.bulk import table_of
from penstock.store.declared import Declared, DeclaredTable, ancestors, record


class SecretTable(Declared, table=True):
    """A key of a namespace with its encrypted value."""

    __tablename__ = "secret"  # pyrefly: ignore[bad-override] - as SQLModel documents it

    key: str = Field(primary_key=True, max_length=256)
    ciphertext: bytes
    fingerprint: str = Field(max_length=64)
    version: int
    value_version: str | None = Field(default=None, max_length=256)
    description: str | None = None


_secret = table_of(SecretTable)


@dataclass(frozen=True, slots=True)
class SecretRow:
    """A secret as stored; `version` counts values, `revision` every change."""

    tenant: str
    namespace: str
    key: str
    owner: str
    revision: int
    content_hash: str
    created_at: datetime
    updated_at: datetime
    ciphertext: bytes = field(repr=False)
    fingerprint: str
    version: int
    provenance: Provenance = field(default_factory=Provenance)
    description: str | None = None
    value_version: str | None = None


ROWS = DeclaredTable(_secret, SecretRow)
# As functions of the module, as in the other files of this package.
find, page, put = ROWS.find, ROWS.page, ROWS.put


def resolve(tx: Connection, tenant: str, namespace: str, key: str) -> SecretRow | None:
    """The secret that a flow of this namespace reads: its own or the nearest above."""
    chain = ancestors(namespace)
    rows = tx.execute(
        select(_secret).where(
            _secret.c.tenant == tenant, _secret.c.namespace.in_(chain), _secret.c.key == key
        )
    ).all()
    if not rows:
        return None
    nearest = min(rows, key=lambda row: chain.index(row.namespace))
    return record(SecretRow, nearest)


def holders(tx: Connection, tenant: str, key: str) -> tuple[str, ...]:
    """The namespaces that declare a key."""
    return tuple(
        tx.execute(
            select(_secret.c.namespace).where(_secret.c.tenant == tenant, _secret.c.key == key)
        ).scalars()
    )


def keys(tx: Connection, tenant: str, namespace: str) -> tuple[str, ...]:
    """Every key that a flow of this namespace can read, for hints."""
    return tuple(
        tx.execute(
            select(_secret.c.key)
            .where(_secret.c.tenant == tenant, _secret.c.namespace.in_(ancestors(namespace)))
            .distinct()
            .order_by(_secret.c.key)
        ).scalars()
    )


def visible(tx: Connection, tenant: str, namespace: str) -> list[SecretRow]:
    """The secrets of a namespace and of those above it."""
    query = select(_secret).where(
        _secret.c.tenant == tenant, _secret.c.namespace.in_(ancestors(namespace))
    )
    return [record(SecretRow, row) for row in tx.execute(query)]
