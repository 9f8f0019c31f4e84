"""The shapes of sets of objects: planned, applied, read."""

from __future__ import annotations

from penstock.api.shape import (
    FLAG,
    MAP,
    MAYBE_NUMBER,
    MAYBE_TEXT,
    NUMBER,
    TEXT,
    TIME,
    Schema,
    list_of,
    maybe,
    ref,
    thing,
)
from penstock.service.objectset import KINDS

_REFERENCE: Schema = {
    "type": "object",
    "properties": {
        "kind": {"type": "string", "enum": list(KINDS)},
        "namespace": TEXT,
        "id": MAYBE_TEXT,
    },
    "required": ["kind", "namespace"],
}
_NAMED = {"ref": TEXT, "kind": TEXT, "namespace": TEXT, "id": MAYBE_TEXT, "action": TEXT}
_SET: Schema = {
    "type": "object",
    "properties": {
        "objects": list_of(
            {
                "type": "object",
                "properties": {
                    **_REFERENCE["properties"],
                    "spec": MAP,
                    "ifMatch": TEXT,
                    "ifNoneMatch": FLAG,
                    "since": TEXT,
                },
                "required": ["kind", "namespace", "spec"],
                "additionalProperties": False,
            }
        ),
        "deletes": list_of(ref("Reference")),
        "complete": FLAG,
        "planToken": TEXT,
        "tests": FLAG,
    },
    "additionalProperties": False,
}
_PLANNED = thing(
    **_NAMED,
    contentHash=MAYBE_TEXT,
    previousHash=MAYBE_TEXT,
    revision=NUMBER,
    diff=TEXT,
    summary=TEXT,
    changes=MAYBE_TEXT,
    normalised=MAP,
    problems=list_of(ref("Problem")),
    callers=list_of(TEXT),
    calls=list_of(thing(flow=TEXT, task=TEXT, revision=MAYBE_NUMBER)),
    nextFires=list_of(TIME),
    runningExecutions=NUMBER,
    touches=list_of(TEXT),
)

COMPONENTS: dict[str, Schema] = {
    "Reference": _REFERENCE,
    "Object": {
        "anyOf": [
            ref("Namespace"),
            ref("Flow"),
            ref("Secret"),
            ref("Kv"),
            ref("File"),
            ref("Schedule"),
            ref("FlowTest"),
        ]
    },
    "ObjectSet": _SET,
    "Plan": thing(
        valid=FLAG, planToken=TEXT, objects=list_of(_PLANNED), problems=list_of(ref("Problem"))
    ),
    "Applied": thing(
        objects=list_of(
            thing(
                **_NAMED,
                revision=NUMBER,
                contentHash=TEXT,
                object=maybe(ref("Object")),
            )
        ),
        warnings=list_of(ref("Problem")),
    ),
}
