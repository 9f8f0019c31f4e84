"""`core.http.Trigger`: starts the flow when an HTTP service answers as wanted."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated

from pydantic import Field

from penstock.expression import is_truthy
from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Json
from penstock.plugins.core.http._exchange import Exchange
from penstock.plugins.core.http._http_task import HttpCall
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs
from penstock.sdk.trigger import PollingTrigger


class Trigger(HttpCall, PollingTrigger):
    """Calls an HTTP service again and again, and starts the flow whenever the answer is as wanted.

    Expressions of the execution see the answer as `trigger.uri`, `trigger.code`,
    `trigger.headers` and `trigger.body` (text: use `fromJson()` to look into it); with
    `encryptBody` `trigger.encryptedBody` instead of the body. A service that cannot be reached is
    told in the server's log, or with `failOnTriggerError` by a FAILED execution.

    Example:
        id: order_when_cheap
        namespace: company.team
        tasks:
          - id: order
            type: core.log.Log
            message: "It costs {{ fromJson(trigger.body).price }}"
        triggers:
          - id: price
            type: core.http.Trigger
            uri: https://shop.example.com/api/products/1
            interval: PT5M
            responseCondition: "{{ fromJson(response.body).price < 110 }}"
            stopAfter: [SUCCESS]
    """

    response_condition: Annotated[
        str | bool,
        Field(
            description="When it fires. Sees `response.statusCode`, `response.body` and "
            "`response.headers`."
        ),
    ] = "{{ response.statusCode < 400 }}"
    encrypt_body: Annotated[
        Dynamic[bool], Field(description="Whether the body of the answer is kept as a secret.")
    ] = False

    def poll(self, context: RunContext) -> Outputs | None:
        """Calls once. Every status is an answer: the condition says which is wanted."""
        found = self.exchange(context, hides_body=self.encrypt_body)
        options = found.options.model_copy(update={"allow_failed": True})
        with ExitStack() as files:
            answer = Exchange(context, options, self.encrypt_body).send(self.call(context, files))
        headers: Json = {name: [*values] for name, values in answer.headers.items()}
        response: Json = {"statusCode": answer.code, "body": answer.body, "headers": headers}
        if not is_truthy(context.render(self.response_condition, {"response": response})):
            return None
        return answer.outputs(context.seal if self.encrypt_body else None)
