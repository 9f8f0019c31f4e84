"""API tokens: only the digest is stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select
from sqlmodel import Field, SQLModel

from penstock.model.provenance import Provenance
from penstock.store import declared
from penstock.store.bulk import table_of
from penstock.store.column import Instant
from penstock.store.declared import ProvenanceText, record


class TokenTable(SQLModel, table=True):
    """A token of a tenant, known by its SHA-256."""

    __tablename__ = "token"  # pyrefly: ignore[bad-override] - as SQLModel documents it

    tenant: str = Field(primary_key=True, max_length=100)
    name: str = Field(primary_key=True, max_length=100)
    digest: str = Field(unique=True, max_length=64)
    prefix: str = Field(max_length=16)
    created_at: datetime = Field(sa_type=Instant)
    created_by: str
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    description: str | None = None
    value_version: str | None = Field(default=None, max_length=256)
    is_ephemeral: bool = False
    access: str = Field(max_length=10)
    scope: str = Field(max_length=10)
    owner: str
    revision: int
    updated_at: datetime = Field(sa_type=Instant)
    provenance: Provenance | None = Field(default=None, sa_type=ProvenanceText)


_token = table_of(TokenTable)


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token as stored; `prefix` is its first characters, to tell tokens apart.

    One that `is_ephemeral` is nobody's declaration: it is removed when its time is over.
    """

    tenant: str
    name: str
    digest: str = field(repr=False)
    prefix: str
    created_at: datetime
    created_by: str
    updated_at: datetime
    access: str
    scope: str
    owner: str
    revision: int = 1
    expires_at: datetime | None = None
    description: str | None = None
    value_version: str | None = None
    is_ephemeral: bool = False
    provenance: Provenance = field(default_factory=Provenance)


def by_digest(tx: Connection, digest: str) -> TokenRow | None:
    """The token with this SHA-256, or None."""
    row = tx.execute(select(_token).where(_token.c.digest == digest)).first()
    return None if row is None else record(TokenRow, row)


def find(tx: Connection, tenant: str, name: str) -> TokenRow | None:
    """The token of this name, or None."""
    row = tx.execute(select(_token).where(_token.c.tenant == tenant, _token.c.name == name)).first()
    return None if row is None else record(TokenRow, row)


def page(tx: Connection, tenant: str, *, after: str | None = None, limit: int) -> list[TokenRow]:
    """Tokens in order of name."""
    statement = select(_token).where(_token.c.tenant == tenant)
    if after is not None:
        statement = statement.where(_token.c.name > after)
    statement = statement.order_by(_token.c.name).limit(limit)
    return [record(TokenRow, row) for row in tx.execute(statement)]


def put(tx: Connection, row: TokenRow) -> None:
    """Creates or overwrites a token."""
    declared.put(tx, _token, row)


def has_expired(tx: Connection, until: datetime) -> bool:
    """Whether there is any ephemeral token whose time was over at a moment."""
    is_over = (_token.c.is_ephemeral, _token.c.expires_at <= until)
    return tx.execute(select(_token.c.name).where(*is_over).limit(1)).first() is not None


def expired(
    tx: Connection, until: datetime, tenant: str | None = None, name: str | None = None
) -> list[TokenRow]:
    """Ephemeral tokens whose time was over at a moment: of every tenant, of one, or one of them."""
    statement = select(_token).where(_token.c.is_ephemeral, _token.c.expires_at <= until)
    if tenant is not None:
        statement = statement.where(_token.c.tenant == tenant)
    if name is not None:
        statement = statement.where(_token.c.name == name)
    found = tx.execute(statement.order_by(_token.c.tenant, _token.c.name).with_for_update())
    return [record(TokenRow, row) for row in found]


def delete(tx: Connection, tenant: str, name: str) -> bool:
    """Revokes a token; False when there was none."""
    done = tx.execute(_token.delete().where(_token.c.tenant == tenant, _token.c.name == name))
    return done.rowcount > 0
