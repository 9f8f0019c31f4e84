"""The shapes of what the API says when something does not hold."""

from __future__ import annotations

from penstock.api.shape import MAYBE_NUMBER, MAYBE_TEXT, NUMBER, TEXT, Schema, list_of, ref, thing

_PROBLEM = thing(
    path=TEXT,
    line=MAYBE_NUMBER,
    column=MAYBE_NUMBER,
    severity={"type": "string", "enum": ["error", "warning"]},
    code=TEXT,
    message=TEXT,
    hint=MAYBE_TEXT,
    object=MAYBE_TEXT,
    file=MAYBE_TEXT,
    needs={"type": ["array", "null"], "items": TEXT},
)

COMPONENTS: dict[str, Schema] = {
    "Problem": _PROBLEM,
    "Error": {
        **thing(
            type=TEXT,
            title=TEXT,
            status=NUMBER,
            code=TEXT,
            detail=TEXT,
            problems=list_of(ref("Problem")),
        ),
        "additionalProperties": True,
    },
}
