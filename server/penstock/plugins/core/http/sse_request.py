"""`core.http.SseRequest`: reads a stream of server-sent events."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated

from pydantic import Field

from penstock.expression import ExpressionError
from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Json
from penstock.plugins.core.http._events import ServerSentEvent
from penstock.plugins.core.http._http_task import HttpTask
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs, TaskFailed

_QUERY = "{{ _event | jq(_query) }}"


class SseRequest(HttpTask):
    """Reads the events of a stream until that closes, such as the answer of a language model.

    The stream must be below 10 MiB. Give the task a `timeout` when the stream may never close.

    Outputs: `uri` (after redirects), `events` (each with `data`, `name`, `id`, `comment`), `size`
    (how many), `result` (the texts that `concatJqExpression` finds, joined).

    Example:
        id: ask_a_model
        namespace: company.team
        tasks:
          - id: ask
            type: core.http.SseRequest
            uri: https://models.example.com/v1/completions
            method: POST
            body:
              stream: true
              prompt: Say hello.
            concatJqExpression: .choices[0].text
            failedOnMissingJq: false
          - id: show
            type: core.log.Log
            message: "{{ outputs.ask.result }}"
    """

    concat_jq_expression: Annotated[
        Dynamic[str | None],
        Field(description="A jq query on the data of each event; what it finds is joined."),
    ] = None
    failed_on_missing_jq: Annotated[
        Dynamic[bool],
        Field(description="Whether an event in which the query finds nothing fails the task."),
    ] = True

    def run(self, context: RunContext) -> Outputs:
        """Reads the stream; raises `TaskFailed` when it breaks, or an event is not as asked."""
        events: list[Json] = []
        texts: list[str] = []

        def take(event: ServerSentEvent) -> None:
            events.append(
                {
                    "data": event.data,
                    "name": event.name,
                    "id": event.id,
                    "comment": event.comment,
                }
            )
            if self.concat_jq_expression is not None:
                texts.append(self._found(context, event.data, len(events)))

        with ExitStack() as files:
            call = self.call(context, files)
            headers = {"Accept": "text/event-stream", **call.headers}
            uri = self.exchange(context).listen(call.with_headers(headers), take)
        result = "".join(texts) if self.concat_jq_expression is not None else None
        return {"uri": uri, "events": events, "size": len(events), "result": result}

    def _found(self, context: RunContext, data: str, number: int) -> str:
        query = self.concat_jq_expression or "."
        try:
            found = context.render(_QUERY, {"_event": data, "_query": query})
        except ExpressionError as error:
            found, why = None, f": {error.message}"
        else:
            why = "."
        first = found[0] if isinstance(found, list) and found else None
        if first is not None:
            return first if isinstance(first, str) else str(first)
        if self.failed_on_missing_jq:
            raise TaskFailed(
                f"`concatJqExpression` finds nothing in event {number}{why} If that may be, say "
                "`failedOnMissingJq: false`."
            )
        return ""
