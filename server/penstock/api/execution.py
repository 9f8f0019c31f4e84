"""Executions over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime

from penstock.api import follow, paging, start
from penstock.api.access import Caller, RawBody, Services
from penstock.api.answer import Answer
from penstock.api.document import answers, body
from penstock.api.paging import Cursor, Limit, Namespace
from penstock.api.problem import invalid
from penstock.api.shape import page_of, ref
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.model.state import State
from penstock.model.task import LogLevel
from penstock.service import execution, execution_query, graph

router = APIRouter(prefix="/executions", tags=["executions"])
_THING = ref("Execution")
_LAST = "Last-Event-ID"


@router.post(
    "",
    openapi_extra=body(ref("NewExecution"), form=ref("NewExecutionForm")),
    **answers(_THING, 409, 413, status=201, description="Accepted, after the commit."),
)
async def create_execution(services: Services, caller: Caller, wanted: RawBody) -> Response:
    """Starts an execution of a flow; answers when it is stored, not when it has ended.

    A form brings files: `inputs.<id>` is a part for each input, a text or a file.
    """
    return start.answer_of(await start.start(services, caller, wanted))


@router.get("", **answers(page_of(ref("ExecutionSummary"))))
def list_executions(
    services: Services,
    caller: Caller,
    *,
    namespace: Namespace = None,
    flow_id: Annotated[str | None, Query(alias="flowId", description="Only of this flow.")] = None,
    states: Annotated[
        list[State], Query(alias="state", description="Only in one of these states.")
    ] = [],  # noqa: B006 - FastAPI copies it
    labels: Annotated[
        list[str], Query(alias="label", description="Only with this label, `key:value`.")
    ] = [],  # noqa: B006 - as above
    created_after: Annotated[
        AwareDatetime | None, Query(alias="createdAfter", description="Created at or after.")
    ] = None,
    created_before: Annotated[
        AwareDatetime | None, Query(alias="createdBefore", description="Created before.")
    ] = None,
    trigger: Annotated[
        str | None, Query(description="Id of the trigger, schedule or task that started it.")
    ] = None,
    parent_id: Annotated[
        str | None, Query(alias="parentId", description="Only those that it has started.")
    ] = None,
    original_id: Annotated[
        str | None, Query(alias="originalId", description="Only those made of it.")
    ] = None,
    top_level: Annotated[
        bool | None, Query(alias="topLevel", description="Only those nobody has started, or not.")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """Lists executions, newest first, without their task runs."""
    return Answer(
        execution.page(
            services,
            caller,
            wanted=execution_query.Query(
                namespace=namespace,
                flow_id=flow_id,
                states=tuple(states),
                labels=dict(_label(each) for each in labels),
                created_after=created_after,
                created_before=created_before,
                trigger=trigger,
                parent_id=parent_id,
                original_id=original_id,
                top_level=top_level,
            ),
            cursor=cursor,
            limit=limit,
        )
    )


@router.get("/{id}", **answers(_THING))
def get_execution(
    services: Services,
    caller: Caller,
    *,
    id: str,  # noqa: A002 - the word of the API
) -> Response:
    """Reads an execution with its first task runs in the order of their creation."""
    return Answer(execution.get(services, caller, id))


@router.get("/{id}/graph", **answers(ref("ExecutionGraph")))
def get_execution_graph(
    services: Services,
    caller: Caller,
    *,
    id: str,  # noqa: A002 - the word of the API
) -> Response:
    """Reads the flow's tasks as a tree with their states; a branch not taken is SKIPPED."""
    return Answer(graph.of_execution(services, caller, id))


@router.get("/{id}/task-runs", **answers(page_of(ref("TaskRun"))))
def list_task_runs(
    services: Services,
    caller: Caller,
    *,
    id: str,  # noqa: A002 - the word of the API
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """Lists the task runs of an execution in the order of their creation."""
    first = paging.decode_number(cursor) or 0
    return Answer(execution.task_run_page(services, caller, id, first=first, limit=limit))


@router.get("/{id}/logs", **answers(page_of(ref("LogLine"))))
def list_logs(
    services: Services,
    caller: Caller,
    *,
    id: str,  # noqa: A002 - the word of the API
    min_level: Annotated[
        LogLevel, Query(alias="minLevel", description="The least important level to read.")
    ] = LogLevel.TRACE,
    task_run_id: Annotated[
        str | None, Query(alias="taskRunId", description="Only of this task run.")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """Lists the log lines of an execution in order."""
    lines = execution.log_page(
        services,
        caller,
        id,
        min_level=min_level,
        task_run_id=task_run_id,
        after=paging.decode_number(cursor) or 0,
        limit=limit + 1,
    )
    if not lines:
        execution.get(services, caller, id)  # no lines, or no such execution
    return _numbered(lines, limit)


@router.get("/{id}/events", **answers(page_of(ref("ExecutionEvent"))))
def list_events(
    services: Services,
    caller: Caller,
    *,
    id: str,  # noqa: A002 - the word of the API
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """Lists the execution's history: every state change and what caused it."""
    events = execution.event_page(
        services, caller, id, after=paging.decode_number(cursor) or 0, limit=limit + 1
    )
    if not events:
        execution.get(services, caller, id)  # no events, or no such execution
    return _numbered(events, limit)


@router.get(
    "/{id}/follow",
    **answers({"type": "string"}, media_type="text/event-stream", description="A stream."),
)
async def follow_execution(
    services: Services,
    caller: Caller,
    *,
    id: str,  # noqa: A002 - the word of the API
    request: Request,
    last: Annotated[
        str | None, Header(alias=_LAST, description="Where an earlier stream ended.")
    ] = None,
) -> Response:
    """Follows an execution to its end, as server-sent events.

    `snapshot` and `change` carry the execution, `log` a log line, `end` the last state.
    """
    del request
    first = await follow.snapshot(services, caller, id)
    return StreamingResponse(
        follow.stream(services, caller, id, first=first, last=last),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _label(text: str) -> tuple[str, str]:
    key, separator, value = text.partition(":")
    if not separator:
        raise invalid([Problem(f"`{text}` is not `key:value`.", path="label", code="invalid")])
    return key, value


def _numbered(items: list[dict[str, Json]], limit: int) -> Response:
    following = items[limit - 1]["seq"] if len(items) > limit else None
    cursor = paging.encode((following,)) if isinstance(following, int) else None
    return Answer({"items": items[:limit], "nextCursor": cursor})
