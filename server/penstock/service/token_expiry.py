"""Tokens for the length of a run whose run has left them behind."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from penstock.store import audit
from penstock.store import token as rows
from penstock.store.audit import AuditRecord

GRACE = timedelta(hours=1)
"""So long after its end a token may still be prolonged, by a machine that was asleep meanwhile."""


def remove_expired(
    tx: Connection, now: datetime, *, until: datetime, tenant: str, name: str | None = None
) -> None:
    """Removes ephemeral tokens of a tenant that were void by then, each with its event."""
    _remove(tx, rows.expired(tx, until, tenant, name), now)


def sweep(tx: Connection, now: datetime) -> int:
    """Removes those of every tenant that nobody will prolong any more; how many there were."""
    found = rows.expired(tx, now - GRACE)
    _remove(tx, found, now)
    return len(found)


def is_due(tx: Connection, now: datetime) -> bool:
    """Whether there are any."""
    return rows.has_expired(tx, now - GRACE)


def _remove(tx: Connection, found: list[rows.TokenRow], now: datetime) -> None:
    for row in found:
        rows.delete(tx, row.tenant, row.name)
    records = [
        AuditRecord(
            tenant=row.tenant,
            at=now,
            actor="system",
            action="token.delete",
            object=f"token/{row.name}",
            detail={"reason": "its time is over"},
        )
        for row in found
    ]
    audit.append_many(tx, records)
