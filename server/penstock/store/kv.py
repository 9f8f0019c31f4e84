"""Key-value pairs of namespaces: readable JSON that flows and people share."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, Connection, or_, select
from sqlmodel import Field

from penstock.model.frozen import Json
from penstock.model.key_value import KvType, type_of
from penstock.model.provenance import Provenance
from penstock.store import declared, kv_version
from penstock.store.bulk import table_of
from penstock.store.column import Instant, JsonText
from penstock.store.declared import Declared, ancestors, record
from penstock.store.kv_version import KvVersion


class KvTable(Declared, table=True):
    """A key of a namespace with its value; from `expires_at` on it counts as gone."""

    __tablename__ = "kv"  # pyrefly: ignore[bad-override] - as SQLModel documents it

    key: str = Field(primary_key=True, max_length=256)
    value: Json = Field(default=None, sa_type=JsonText, nullable=True)
    type: str | None = Field(default=None, max_length=10)
    description: str | None = None
    ttl: str | None = None
    expires_at: datetime | None = Field(default=None, sa_type=Instant, index=True)


_kv = table_of(KvTable)
_duration = TypeAdapter(timedelta)
_LONGEST = timedelta(days=36_525)


@dataclass(frozen=True, slots=True)
class KvRow:
    """A pair as stored; `ttl` is the ISO 8601 duration that it was given at its last writing.

    `type` is only kept where the value does not show it: see `KvRow.kind`.
    """

    tenant: str
    namespace: str
    key: str
    owner: str
    revision: int
    content_hash: str
    created_at: datetime
    updated_at: datetime
    value: Json = None
    provenance: Provenance = field(default_factory=Provenance)
    description: str | None = None
    ttl: str | None = None
    expires_at: datetime | None = None
    type: str | None = None

    @property
    def kind(self) -> KvType:
        """What the value is."""
        return type_of(self.value, None if self.type is None else KvType(self.type))


def lifetime(ttl: str) -> timedelta | None:
    """An ISO 8601 duration of a second to a hundred years; None when the text is none."""
    try:
        found = _duration.validate_python(ttl) if ttl.startswith("P") else timedelta()
    except ValidationError:
        return None
    return found if timedelta(seconds=1) <= found <= _LONGEST else None


def expiry(ttl: str | None, now: datetime) -> datetime | None:
    """When a pair that is written now expires, if ever."""
    found = None if ttl is None else lifetime(ttl)
    return None if found is None else now + found


def find(tx: Connection, tenant: str, namespace: str, *, key: str, now: datetime) -> KvRow | None:
    """The pair of exactly this namespace, unless it has expired."""
    row = tx.execute(
        select(_kv).where(
            _kv.c.tenant == tenant, _kv.c.namespace == namespace, _kv.c.key == key, _live(now)
        )
    ).first()
    return None if row is None else record(KvRow, row)


def resolve(
    tx: Connection, tenant: str, namespace: str, *, key: str, now: datetime
) -> KvRow | None:
    """The pair that a flow of this namespace reads: its own or the nearest above."""
    chain = ancestors(namespace)
    rows = tx.execute(
        select(_kv).where(
            _kv.c.tenant == tenant, _kv.c.namespace.in_(chain), _kv.c.key == key, _live(now)
        )
    ).all()
    if not rows:
        return None
    return record(KvRow, min(rows, key=lambda row: chain.index(row.namespace)))


def keys(
    tx: Connection, tenant: str, namespaces: tuple[str, ...], *, now: datetime
) -> tuple[str, ...]:
    """Every key of some namespaces, for hints."""
    return tuple(
        tx.execute(
            select(_kv.c.key)
            .where(_kv.c.tenant == tenant, _kv.c.namespace.in_(namespaces), _live(now))
            .distinct()
            .order_by(_kv.c.key)
        ).scalars()
    )


def page(
    tx: Connection,
    tenant: str,
    *,
    now: datetime,
    namespace: str | None = None,
    after: tuple[str, ...] | None = None,
    limit: int,
) -> list[KvRow]:
    """Pairs in order of namespace and key; `namespace` keeps it and those below it."""
    statement = select(_kv).where(_kv.c.tenant == tenant, _live(now))
    found = declared.page(
        statement, (_kv.c.namespace, _kv.c.key), namespace=namespace, after=after, limit=limit
    )
    return [record(KvRow, row) for row in tx.execute(found)]


def namespaces(tx: Connection, tenant: str) -> list[str]:
    """The namespaces that hold pairs, in order."""
    statement = select(_kv.c.namespace).where(_kv.c.tenant == tenant).distinct()
    return list(tx.execute(statement.order_by(_kv.c.namespace)).scalars())


def stored(tx: Connection, tenant: str, namespace: str) -> list[KvRow]:
    """Every pair of exactly this namespace, those that have expired as well, by key."""
    statement = select(_kv).where(_kv.c.tenant == tenant, _kv.c.namespace == namespace)
    return [record(KvRow, row) for row in tx.execute(statement.order_by(_kv.c.key))]


def put(tx: Connection, row: KvRow) -> None:
    """Creates or overwrites a pair and keeps its version; those that expired before it was
    written are swept away.
    """
    _sweep(tx, row.updated_at)
    declared.put(tx, _kv, row)
    version = KvVersion(
        tenant=row.tenant,
        namespace=row.namespace,
        key=row.key,
        revision=row.revision,
        at=row.updated_at,
        value=row.value,
        type=row.type,
        description=row.description,
        expires_at=row.expires_at,
    )
    kv_version.append(tx, version)


def delete(tx: Connection, tenant: str, namespace: str, key: str) -> None:
    """Removes a pair and its versions."""
    tx.execute(
        _kv.delete().where(_kv.c.tenant == tenant, _kv.c.namespace == namespace, _kv.c.key == key)
    )
    kv_version.delete(tx, tenant, namespace, key)


def _sweep(tx: Connection, now: datetime) -> None:
    expired = _kv.c.expires_at <= now
    for row in tx.execute(select(_kv.c.tenant, _kv.c.namespace, _kv.c.key).where(expired)).all():
        delete(tx, *row)


def _live(now: datetime) -> ColumnElement[bool]:
    return or_(_kv.c.expires_at.is_(None), _kv.c.expires_at > now)
