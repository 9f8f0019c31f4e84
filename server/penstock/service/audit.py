"""Reads the audit."""

from __future__ import annotations

from penstock.model.frozen import Json
from penstock.security.caller import Caller
from penstock.service.form import instant
from penstock.service.services import Services
from penstock.store import audit as rows


def page(
    services: Services,
    caller: Caller,
    *,
    object: str | None,  # noqa: A002 - the word of the API
    after: int | None,
    limit: int,
) -> tuple[list[Json], int | None]:
    """Events in the order in which they were written, and the cursor of the next page."""
    with services.database.read() as tx:
        found = rows.page(tx, caller.tenant, object=object, after=after, limit=limit + 1)
    items: list[Json] = [_form(event) for event in found[:limit]]
    return items, found[limit - 1].seq if len(found) > limit else None


def _form(event: rows.AuditEvent) -> dict[str, Json]:
    record = event.record
    return {
        "seq": event.seq,
        "at": instant(record.at),
        "actor": record.actor,
        "action": record.action,
        "object": record.object,
        "owner": record.owner,
        "before": record.before,
        "after": record.after,
        "provenance": record.provenance.to_json(),
        "detail": record.detail,
        "hash": event.hash,
    }
