"""The shapes of answers about Terraform's states."""

from __future__ import annotations

from penstock.api.shape import (
    MAYBE_NUMBER,
    MAYBE_TEXT,
    MAYBE_TIME,
    NUMBER,
    TEXT,
    TIME,
    Schema,
    thing,
)

_LOCK = thing(
    id=TEXT,
    who=MAYBE_TEXT,
    operation=MAYBE_TEXT,
    info=MAYBE_TEXT,
    terraformVersion=MAYBE_TEXT,
    created=MAYBE_TEXT,
    lockedAt=TIME,
    lockedBy=TEXT,
)
COMPONENTS: dict[str, Schema] = {
    "TerraformState": thing(
        workspace=TEXT,
        version=MAYBE_NUMBER,
        serial=MAYBE_NUMBER,
        lineage=MAYBE_TEXT,
        size=MAYBE_NUMBER,
        sha256=MAYBE_TEXT,
        updatedAt=MAYBE_TIME,
        updatedBy=MAYBE_TEXT,
        lock={**_LOCK, "type": ["object", "null"]},
    ),
    "TerraformStateVersion": thing(
        version=NUMBER,
        serial=MAYBE_NUMBER,
        lineage=MAYBE_TEXT,
        size=MAYBE_NUMBER,
        sha256=MAYBE_TEXT,
        at=TIME,
        by=TEXT,
        runId=MAYBE_TEXT,
        lockId=MAYBE_TEXT,
    ),
}
