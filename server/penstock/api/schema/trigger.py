"""The shapes of triggers, and of what people have decided against what is declared of them."""

from __future__ import annotations

from penstock.api.shape import (
    FLAG,
    MAP,
    MAYBE_TEXT,
    MAYBE_TIME,
    TEXT,
    TEXTS,
    TIME,
    Schema,
    maybe,
    thing,
)

DECISION = thing(disabled=FLAG, reason=TEXT, actor=TEXT, at=TIME, expiresAt=MAYBE_TIME)
"""What somebody has decided, in the form of what it is about."""

COMPONENTS: dict[str, Schema] = {
    "Override": thing(
        kind=TEXT,
        namespace=TEXT,
        flowId=MAYBE_TEXT,
        id=TEXT,
        disabled=FLAG,
        reason=TEXT,
        actor=TEXT,
        at=TIME,
        expiresAt=MAYBE_TIME,
        message=TEXT,
    ),
    "Trigger": thing(
        namespace=TEXT,
        flowId=TEXT,
        id=TEXT,
        type=TEXT,
        declaredDisabled=FLAG,
        disabled=FLAG,
        override=maybe(DECISION),
        nextAt=MAYBE_TIME,
        lastAt=MAYBE_TIME,
        lastExecutionId=MAYBE_TEXT,
        backfill=maybe(MAP),
    ),
    "ScheduleOptions": {
        "type": "object",
        "properties": {"reason": TEXT, "expiresAt": MAYBE_TIME},
        "additionalProperties": False,
    },
    "TriggerOptions": {
        "type": "object",
        "properties": {
            "reason": TEXT,
            "expiresAt": MAYBE_TIME,
            "start": TIME,
            "end": MAYBE_TIME,
            "inputs": MAP,
            "labels": TEXTS,
            "paused": FLAG,
        },
        "additionalProperties": False,
    },
}
