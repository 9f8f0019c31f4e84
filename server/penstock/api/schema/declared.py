"""The shapes of declared objects: what is read, and the specs that are written."""

from __future__ import annotations

from penstock.api.schema.trigger import DECISION
from penstock.api.shape import (
    ANYTHING,
    FLAG,
    MAP,
    MAYBE_FLAG,
    MAYBE_TEXT,
    MAYBE_TIME,
    NUMBER,
    TEXT,
    TEXTS,
    TIME,
    Schema,
    list_of,
    maybe,
    ref,
    thing,
)
from penstock.service.spec import (
    FileSpec,
    FlowSpec,
    FlowTestSpec,
    KvSpec,
    NamespaceSpec,
    ScheduleSpec,
    SecretSpec,
)

_PROVENANCE = thing(
    repository=MAYBE_TEXT,
    commit=MAYBE_TEXT,
    path=MAYBE_TEXT,
    dirty=MAYBE_FLAG,
    runId=MAYBE_TEXT,
    runUrl=MAYBE_TEXT,
    workspace=MAYBE_TEXT,
)

OWNED: dict[str, Schema] = {
    "owner": TEXT,
    "revision": NUMBER,
    "contentHash": TEXT,
    "createdAt": TIME,
    "updatedAt": TIME,
    "provenance": ref("Provenance"),
}
"""What is read of everything that somebody declares."""
_DECLARED = {"kind": TEXT, "namespace": TEXT, **OWNED}
_NAMESPACE = thing(**_DECLARED, description=MAYBE_TEXT, variables=MAP, labels=TEXTS)
_NAMESPACE["properties"]["allowedNamespaces"] = list_of(TEXT)
_NAMESPACE["properties"]["pluginDefaults"] = list_of(MAP)
_PAIR = {"value": ANYTHING, "type": TEXT, "description": MAYBE_TEXT, "expiresAt": MAYBE_TIME}

COMPONENTS: dict[str, Schema] = {
    "Provenance": _PROVENANCE,
    "Namespace": _NAMESPACE,
    "Flow": thing(
        **_DECLARED,
        id=TEXT,
        source=TEXT,
        description=MAYBE_TEXT,
        disabled=FLAG,
        labels=TEXTS,
        warnings=list_of(ref("Problem")),
    ),
    "FlowRevision": thing(
        revision=NUMBER,
        contentHash=MAYBE_TEXT,
        deleted=FLAG,
        owner=TEXT,
        createdAt=TIME,
        provenance=ref("Provenance"),
    ),
    "FlowTest": thing(**_DECLARED, id=TEXT, flowId=TEXT, source=TEXT, description=MAYBE_TEXT),
    "FlowTestResult": thing(
        id=TEXT,
        namespace=TEXT,
        testId=TEXT,
        flowId=TEXT,
        flowHash=TEXT,
        testHash=TEXT,
        at=TIME,
        actor=TEXT,
        passed=NUMBER,
        failed=NUMBER,
        skipped=NUMBER,
        seconds={"type": "number"},
        cases=list_of(MAP),
    ),
    "Schedule": thing(
        **_DECLARED,
        id=TEXT,
        flowId=TEXT,
        cron=TEXT,
        timezone=TEXT,
        inputs=MAP,
        disabled=FLAG,
        allowConcurrent=FLAG,
        description=MAYBE_TEXT,
        effectiveDisabled=FLAG,
        override=maybe(DECISION),
        nextFireAt=MAYBE_TIME,
    ),
    "Secret": thing(
        **_DECLARED,
        key=TEXT,
        description=MAYBE_TEXT,
        fingerprint=TEXT,
        version=NUMBER,
        valueVersion=MAYBE_TEXT,
    ),
    "Kv": thing(**_DECLARED, **_PAIR, key=TEXT, ttl=MAYBE_TEXT),
    "KvVersion": thing(**_PAIR, revision=NUMBER, writtenAt=TIME),
    "File": thing(**_DECLARED, path=TEXT, size=NUMBER),
    "FileRevision": thing(
        revision=NUMBER,
        contentHash=MAYBE_TEXT,
        size=NUMBER,
        deleted=FLAG,
        owner=TEXT,
        createdAt=TIME,
        provenance=ref("Provenance"),
    ),
    "FileMove": {
        "type": "object",
        "properties": {"namespace": TEXT, "from": TEXT, "to": TEXT},
        "required": ["namespace", "from", "to"],
    },
    **{
        spec.__name__: spec.model_json_schema(by_alias=True)
        for spec in (
            NamespaceSpec,
            FlowSpec,
            FlowTestSpec,
            ScheduleSpec,
            SecretSpec,
            KvSpec,
            FileSpec,
        )
    },
}
