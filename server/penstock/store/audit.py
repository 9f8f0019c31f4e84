"""Who changed what: an append-only list, chained by hash per tenant."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, func, select
from sqlmodel import Field, SQLModel

from penstock.model.frozen import Json
from penstock.model.provenance import Provenance
from penstock.store.bulk import table_of
from penstock.store.column import Instant, JsonText
from penstock.store.declared import ProvenanceText

_GENESIS = "0" * 64
_WRITES = ("create", "update")
_MOST_NAMES = 500


class AuditTable(SQLModel, table=True):
    """An audit event; `hash` covers the event and the hash before it."""

    __tablename__ = "audit_event"  # pyrefly: ignore[bad-override] - as SQLModel documents it

    tenant: str = Field(primary_key=True, max_length=100)
    seq: int = Field(primary_key=True)
    at: datetime = Field(sa_type=Instant)
    actor: str
    action: str
    object: str = Field(index=True)
    owner: str | None = None
    before: str | None = None
    after: str | None = None
    provenance: Provenance | None = Field(default=None, sa_type=ProvenanceText)
    detail: dict[str, Json] | None = Field(default=None, sa_type=JsonText)
    previous_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64)


_audit = table_of(AuditTable)


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """An event to append; `before` and `after` are content hashes, never content."""

    tenant: str
    at: datetime
    actor: str
    action: str
    object: str
    owner: str | None = None
    before: str | None = None
    after: str | None = None
    provenance: Provenance = field(default_factory=Provenance)
    detail: dict[str, Json] | None = None

    def digest(self, seq: int, previous: str) -> str:
        """The hash that chains this event to the one before it."""
        fields = [
            previous,
            self.tenant,
            seq,
            self.at,
            self.actor,
            self.action,
            self.object,
            self.owner,
            self.before,
            self.after,
            self.provenance.to_row(),
            self.detail,
        ]
        packed = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)
        return hashlib.sha256(packed).hexdigest()


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """An appended event with its place in the chain."""

    seq: int
    record: AuditRecord
    previous_hash: str
    hash: str


def append(tx: Connection, record: AuditRecord) -> None:
    """Adds one event to its tenant's chain."""
    append_many(tx, (record,))


def append_many(tx: Connection, records: Sequence[AuditRecord]) -> None:
    """Adds events in order. Call it late: on PostgreSQL it holds the chain until commit."""
    by_tenant: defaultdict[str, list[AuditRecord]] = defaultdict(list)
    for record in records:
        by_tenant[record.tenant].append(record)
    for tenant, events in sorted(by_tenant.items()):
        seq, previous = _last(tx, tenant)
        rows = []
        for record in events:
            seq += 1
            digest = record.digest(seq, previous)
            rows.append(_row(record, seq, previous, digest))
            previous = digest
        tx.execute(_audit.insert(), rows)


def page(
    tx: Connection,
    tenant: str,
    *,
    object: str | None = None,  # noqa: A002 - the word of the API
    after: int | None = None,
    limit: int,
) -> list[AuditEvent]:
    """Events in the order in which they were written."""
    statement = select(_audit).where(_audit.c.tenant == tenant)
    if object is not None:
        statement = statement.where(_audit.c.object == object)
    if after is not None:
        statement = statement.where(_audit.c.seq > after)
    return [_event(row) for row in tx.execute(statement.order_by(_audit.c.seq).limit(limit))]


def actors(tx: Connection, tenant: str, objects: Sequence[str]) -> dict[str, str]:
    """Who wrote each of the objects last; those are missing whose events have been purged."""
    found: dict[str, str] = {}
    for start in range(0, len(objects), _MOST_NAMES):
        some = objects[start : start + _MOST_NAMES]
        written = [f"{name.partition('/')[0]}.{action}" for name in some for action in _WRITES]
        latest = (
            select(func.max(_audit.c.seq))
            .where(
                _audit.c.tenant == tenant,
                _audit.c.object.in_(some),
                _audit.c.action.in_(sorted({*written})),
            )
            .group_by(_audit.c.object)
        )
        rows = tx.execute(
            select(_audit.c.object, _audit.c.actor).where(
                _audit.c.tenant == tenant, _audit.c.seq.in_(latest)
            )
        )
        found.update({row.object: row.actor for row in rows})
    return found


def broken_at(tx: Connection, tenant: str) -> int | None:
    """The first event whose hash does not follow from what is stored, or None."""
    previous, expected = _GENESIS, 1
    for row in tx.execute(select(_audit).where(_audit.c.tenant == tenant).order_by(_audit.c.seq)):
        event = _event(row)
        if event.seq != expected or event.hash != event.record.digest(event.seq, previous):
            return event.seq
        previous, expected = event.hash, expected + 1
    return None


def _last(tx: Connection, tenant: str) -> tuple[int, str]:
    if tx.dialect.name == "postgresql":
        # Two replicas must not give the same number to two events.
        lock = "SELECT pg_advisory_xact_lock(hashtext(%(name)s))"
        tx.exec_driver_sql(lock, {"name": f"audit/{tenant}"})
    row = tx.execute(
        select(_audit.c.seq, _audit.c.hash)
        .where(_audit.c.tenant == tenant)
        .order_by(_audit.c.seq.desc())
        .limit(1)
    ).first()
    return (0, _GENESIS) if row is None else (row.seq, row.hash)


def _row(record: AuditRecord, seq: int, previous: str, digest: str) -> dict[str, object]:
    return {
        "tenant": record.tenant,
        "seq": seq,
        "at": record.at,
        "actor": record.actor,
        "action": record.action,
        "object": record.object,
        "owner": record.owner,
        "before": record.before,
        "after": record.after,
        "provenance": record.provenance,
        "detail": record.detail,
        "previous_hash": previous,
        "hash": digest,
    }


def _event(row: Row[Any]) -> AuditEvent:
    record = AuditRecord(
        tenant=row.tenant,
        at=row.at,
        actor=row.actor,
        action=row.action,
        object=row.object,
        owner=row.owner,
        before=row.before,
        after=row.after,
        provenance=row.provenance,
        detail=row.detail,
    )
    return AuditEvent(row.seq, record, row.previous_hash, row.hash)
