"""`core.http.Request`: calls an HTTP service."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.plugins.core.http._http_task import HttpTask
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs


class Request(HttpTask):
    """Calls an HTTP service and gives back its answer.

    A status of 400 and above fails the task, unless `options.allowFailed` or
    `options.allowedResponseCodes` says otherwise. The body comes back as text; use `fromJson()`
    to look into it. A body over 10 MiB fails the task.

    Outputs: `uri` (after redirects), `code`, `headers` (name → list of values), `body`; with
    `encryptBody` instead of that `encryptedBody`, which is plain in expressions, and hidden in
    logs, events and answers.

    Example:
        id: call
        namespace: company.team
        tasks:
          - id: notify
            type: core.http.Request
            uri: https://chat.example.com/api/messages
            method: POST
            contentType: application/json
            body: '{"text": "Done: {{ execution.id }}"}'
            options:
              auth:
                type: BEARER
                token: "{{ secret('CHAT_TOKEN') }}"
    """

    encrypt_body: Annotated[
        Dynamic[bool], Field(description="Whether the body of the answer is kept as a secret.")
    ] = False

    def run(self, context: RunContext) -> Outputs:
        """Sends the request; raises `TaskFailed` with status and first bytes of the answer."""
        exchange = self.exchange(context, hides_body=self.encrypt_body)
        with ExitStack() as files:
            answer = exchange.send(self.call(context, files))
        return answer.outputs(context.seal if self.encrypt_body else None)
