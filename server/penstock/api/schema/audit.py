"""The shapes of what the server remembers: who changed what, and how it went."""

from __future__ import annotations

from penstock.api.shape import (
    MAYBE_MAP,
    MAYBE_TEXT,
    MAYBE_TIME,
    NUMBER,
    TEXT,
    TIME,
    Schema,
    list_of,
    ref,
    thing,
)

COMPONENTS: dict[str, Schema] = {
    "AuditEvent": thing(
        seq=NUMBER,
        at=TIME,
        actor=TEXT,
        action=TEXT,
        object=TEXT,
        owner=MAYBE_TEXT,
        before=MAYBE_TEXT,
        after=MAYBE_TEXT,
        provenance=ref("Provenance"),
        detail=MAYBE_MAP,
        hash=TEXT,
    ),
    "Evidence": thing(
        namespace=TEXT,
        id=TEXT,
        contentHash=TEXT,
        success=NUMBER,
        failed=NUMBER,
        days=NUMBER,
        firstAt=MAYBE_TIME,
        lastAt=MAYBE_TIME,
        executions=list_of(TEXT),
        engine=TEXT,
    ),
}
