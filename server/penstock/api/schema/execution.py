"""The shapes of executions and of what is asked about them."""

from __future__ import annotations

from penstock.api.shape import (
    ANYTHING,
    FLAG,
    MAP,
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
    maybe,
    ref,
    thing,
)
from penstock.service.execution_query import Query
from penstock.service.operation import KINDS as OPERATIONS

_HISTORY = list_of(thing(state=TEXT, at=TIME))
_FAILURE: Schema = maybe(thing(message=TEXT))
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
    "trigger": maybe(thing(type=TEXT, id=MAYBE_TEXT, actor=MAYBE_TEXT, variables=MAP)),
    "source": maybe(thing(repository=MAYBE_TEXT, commit=MAYBE_TEXT)),
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

COMPONENTS: dict[str, Schema] = {
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
                choices=maybe(list_of(TEXT)),
                problem=maybe(ref("Problem")),
            )
        ),
        checks=list_of(thing(message=TEXT, style=TEXT, behavior=TEXT)),
        problems=list_of(ref("Problem")),
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
    "BulkOperation": {
        "type": "object",
        "properties": {
            "operation": {"type": "string", "enum": list(OPERATIONS)},
            "ids": {"type": ["array", "null"], "items": TEXT},
            "query": maybe(inlined(Query)),
            "options": MAP,
            "dryRun": FLAG,
            "limit": NUMBER,
        },
        "required": ["operation"],
        "additionalProperties": False,
    },
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
}
