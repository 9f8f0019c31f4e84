"""The shape of what people have decided against what is declared."""

from __future__ import annotations

from penstock.api.shape import FLAG, MAYBE_TIME, TEXT, TIME, thing

OVERRIDE = thing(
    kind=TEXT,
    namespace=TEXT,
    flowId=TEXT,
    id=TEXT,
    disabled=FLAG,
    reason=TEXT,
    actor=TEXT,
    at=TIME,
    expiresAt=MAYBE_TIME,
    message=TEXT,
)
