"""The shapes of answers, as OpenAPI knows them.

They are written down rather than derived: answers are plain JSON values for speed, and models
that exist only to be documented would cost memory in every server. A test holds real answers
against them.
"""

from __future__ import annotations

from penstock.api import terraform_shape
from penstock.api.access_schema import ACCESS
from penstock.api.override_shape import OVERRIDE
from penstock.api.shape import (
    ANYTHING,
    FLAG,
    MAP,
    MAYBE_FLAG,
    MAYBE_MAP,
    MAYBE_NUMBER,
    MAYBE_TEXT,
    MAYBE_TIME,
    NUMBER,
    TEXT,
    TEXTS,
    TIME,
    Schema,
    inlined,
    list_of,
    ref,
    thing,
)
from penstock.service.execution_query import Query
from penstock.service.objectset import KINDS
from penstock.service.operation import KINDS as OPERATIONS
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
_DECLARED = {
    "kind": TEXT,
    "namespace": TEXT,
    "owner": TEXT,
    "revision": NUMBER,
    "contentHash": TEXT,
    "createdAt": TIME,
    "updatedAt": TIME,
    "provenance": ref("Provenance"),
}
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
_HISTORY = list_of(thing(state=TEXT, at=TIME))
_FAILURE: Schema = {"anyOf": [thing(message=TEXT), {"type": "null"}]}
_SPAN = {"startedAt": MAYBE_TIME, "endedAt": MAYBE_TIME}
_ATTEMPT = thing(number=NUMBER, state=TEXT, worker=MAYBE_TEXT, logFile=MAYBE_TEXT, **_SPAN)
_TASK_RUN = thing(
    id=TEXT,
    taskId=TEXT,
    parentTaskRunId=MAYBE_TEXT,
    value=MAYBE_TEXT,
    iteration=MAYBE_NUMBER,
    state=TEXT,
    stateHistory=_HISTORY,
    attempts=list_of(_ATTEMPT),
    outputs=MAYBE_MAP,
    error=_FAILURE,
    createdAt=TIME,
    queuedAt=TIME,
    startedAt=MAYBE_TIME,
    endedAt=MAYBE_TIME,
    retryAt=MAYBE_TIME,
    childExecutionId=MAYBE_TEXT,
)
_SUMMARY = {
    "id": TEXT,
    "tenant": TEXT,
    "namespace": TEXT,
    "flowId": TEXT,
    "flowRevision": NUMBER,
    "flowHash": TEXT,
    "state": TEXT,
    "stateHistory": _HISTORY,
    "inputs": MAP,
    "outputs": MAYBE_MAP,
    "labels": TEXTS,
    "variables": MAP,
    "trigger": {
        "anyOf": [
            thing(type=TEXT, id=MAYBE_TEXT, actor=MAYBE_TEXT, variables=MAP),
            {"type": "null"},
        ]
    },
    "source": {"anyOf": [thing(repository=MAYBE_TEXT, commit=MAYBE_TEXT), {"type": "null"}]},
    "createdAt": TIME,
    "startedAt": MAYBE_TIME,
    "endedAt": MAYBE_TIME,
    "parentId": MAYBE_TEXT,
    "originalId": MAYBE_TEXT,
    "scheduleDate": MAYBE_TIME,
    "breakpoints": list_of(TEXT),
    "metadata": thing(attemptNumber=NUMBER, originalCreatedDate=MAYBE_TIME),
    "error": _FAILURE,
}
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
_NAMESPACE = thing(**_DECLARED, description=MAYBE_TEXT, variables=MAP, labels=TEXTS)
_NAMESPACE["properties"]["allowedNamespaces"] = list_of(TEXT)
_NAMESPACE["properties"]["pluginDefaults"] = list_of(MAP)
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

_PAIR = {"value": ANYTHING, "type": TEXT, "description": MAYBE_TEXT, "expiresAt": MAYBE_TIME}

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
    "Provenance": _PROVENANCE,
    "Reference": _REFERENCE,
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
    "Secret": thing(
        **_DECLARED,
        key=TEXT,
        description=MAYBE_TEXT,
        fingerprint=TEXT,
        version=NUMBER,
        valueVersion=MAYBE_TEXT,
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
        nextFireAt=MAYBE_TIME,
    ),
    "Trigger": thing(
        namespace=TEXT,
        flowId=TEXT,
        id=TEXT,
        type=TEXT,
        declaredDisabled=FLAG,
        disabled=FLAG,
        override={
            "anyOf": [
                thing(disabled=FLAG, reason=TEXT, actor=TEXT, at=TIME, expiresAt=MAYBE_TIME),
                {"type": "null"},
            ]
        },
        nextAt=MAYBE_TIME,
        lastAt=MAYBE_TIME,
        lastExecutionId=MAYBE_TEXT,
        backfill={"anyOf": [MAP, {"type": "null"}]},
    ),
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
    "Kv": thing(**_DECLARED, **_PAIR, key=TEXT, ttl=MAYBE_TEXT),
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
    "KvVersion": thing(**_PAIR, revision=NUMBER, writtenAt=TIME),
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
    "ObjectSet": _SET,
    "Override": OVERRIDE,
    "Plan": thing(
        valid=FLAG, planToken=TEXT, objects=list_of(_PLANNED), problems=list_of(ref("Problem"))
    ),
    "Applied": thing(
        objects=list_of(
            thing(
                **_NAMED,
                revision=NUMBER,
                contentHash=TEXT,
                object={"anyOf": [ref("Object"), {"type": "null"}]},
            )
        ),
        warnings=list_of(ref("Problem")),
    ),
    "ExecutionSummary": thing(**_SUMMARY),
    "Execution": thing(
        **_SUMMARY,
        taskRuns=list_of(ref("TaskRun")),
        taskRunCount=NUMBER,
        nextTaskRunCursor=MAYBE_TEXT,
    ),
    "TaskRun": _TASK_RUN,
    "ExecutionGraph": thing(
        executionId=TEXT, state=TEXT, lists=list_of(thing(name=TEXT, tasks=list_of(ref("Node"))))
    ),
    "Node": thing(
        id=TEXT,
        type=TEXT,
        state=MAYBE_TEXT,
        states={"type": "object", "additionalProperties": NUMBER},
        disabled={"type": "boolean"},
        dependsOn=list_of(TEXT),
        lists=list_of(thing(name=TEXT, tasks=list_of(ref("Node")))),
    ),
    "Why": thing(
        id=TEXT,
        state=TEXT,
        sentences=list_of(TEXT),
        reasons=list_of(
            thing(
                kind=TEXT,
                sentence=TEXT,
                taskRunId=MAYBE_TEXT,
                until=MAYBE_TIME,
                owner=MAYBE_TEXT,
                executionId=MAYBE_TEXT,
            )
        ),
    ),
    "BulkAnswer": thing(
        operation=TEXT,
        dryRun=FLAG,
        matched=NUMBER,
        done=NUMBER,
        items=list_of(
            thing(
                id=TEXT,
                namespace=MAYBE_TEXT,
                flowId=MAYBE_TEXT,
                state=MAYBE_TEXT,
                createdAt=MAYBE_TIME,
                outcome={"type": "string", "enum": ["done", "refused", "possible"]},
                newId=MAYBE_TEXT,
                error=MAYBE_TEXT,
            )
        ),
    ),
    "ExecutionValidation": thing(
        valid=FLAG,
        namespace=TEXT,
        flowId=TEXT,
        flowRevision=NUMBER,
        flowHash=TEXT,
        inputs=list_of(
            thing(
                id=TEXT,
                type=TEXT,
                displayName=MAYBE_TEXT,
                description=MAYBE_TEXT,
                required=FLAG,
                enabled=FLAG,
                isDefault=FLAG,
                value=ANYTHING,
                choices={"anyOf": [list_of(TEXT), {"type": "null"}]},
                problem={"anyOf": [ref("Problem"), {"type": "null"}]},
            )
        ),
        checks=list_of(thing(message=TEXT, style=TEXT, behavior=TEXT)),
        problems=list_of(ref("Problem")),
    ),
    "NewExecutionForm": {
        "type": "object",
        "properties": {
            "namespace": TEXT,
            "flowId": TEXT,
            "revision": NUMBER,
            "labels": {"type": "string", "description": "A JSON object of texts."},
            "scheduleDate": TIME,
            "breakpoints": {"type": "string", "description": "A JSON list of task ids."},
        },
        "patternProperties": {
            "^inputs\\..+$": {
                "type": "string",
                "format": "binary",
                "description": "An input, by its id: a text or a file.",
            }
        },
        "required": ["namespace", "flowId"],
        "additionalProperties": False,
    },
    "LogLine": thing(
        seq=NUMBER,
        at=TIME,
        level=TEXT,
        message=TEXT,
        taskId=MAYBE_TEXT,
        taskRunId=MAYBE_TEXT,
        attempt=MAYBE_NUMBER,
    ),
    "ExecutionEvent": thing(
        seq=NUMBER, at=TIME, kind=TEXT, state=TEXT, taskRunId=MAYBE_TEXT, detail=MAYBE_MAP
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
    **ACCESS,
    **terraform_shape.COMPONENTS,
    "NewExecution": {
        "type": "object",
        "properties": {
            "namespace": TEXT,
            "flowId": TEXT,
            "inputs": MAYBE_MAP,
            "labels": {"type": ["object", "null"], "additionalProperties": {"type": "string"}},
            "revision": MAYBE_NUMBER,
            "scheduleDate": MAYBE_TIME,
            "breakpoints": {"type": ["array", "null"], "items": TEXT},
        },
        "required": ["namespace", "flowId"],
        "additionalProperties": False,
    },
    "BulkOperation": {
        "type": "object",
        "properties": {
            "operation": {"type": "string", "enum": list(OPERATIONS)},
            "ids": {"type": ["array", "null"], "items": TEXT},
            "query": {"anyOf": [inlined(Query), {"type": "null"}]},
            "options": MAP,
            "dryRun": FLAG,
            "limit": NUMBER,
        },
        "required": ["operation"],
        "additionalProperties": False,
    },
    "NamespaceSpec": NamespaceSpec.model_json_schema(by_alias=True),
    "FlowTestSpec": FlowTestSpec.model_json_schema(by_alias=True),
    "FlowSpec": FlowSpec.model_json_schema(by_alias=True),
    "SecretSpec": SecretSpec.model_json_schema(by_alias=True),
    "FileSpec": FileSpec.model_json_schema(by_alias=True),
    "KvSpec": KvSpec.model_json_schema(by_alias=True),
    "ScheduleSpec": ScheduleSpec.model_json_schema(by_alias=True),
}
