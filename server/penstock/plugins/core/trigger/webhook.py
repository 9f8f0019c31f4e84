"""`core.trigger.Webhook`: starts the flow when its address is called."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from penstock.model.trigger import Trigger


class ContentType(StrEnum):
    """How outputs are answered."""

    JSON = "application/json"
    TEXT = "text/plain"


class Webhook(Trigger):
    """Starts the flow when somebody calls its address with GET, POST or PUT:
    `/api/v1/tenants/{tenant}/webhooks/{namespace}/{flow}/{key}`. Nobody needs a token for that: the
    key is the secret.

    Expressions of the execution see `trigger.body` (the JSON, or else the text), `trigger.headers`
    and `trigger.parameters` (maps of lists; headers are found in any spelling).

    Example:
        id: sync_on_event
        namespace: company.team
        tasks:
          - id: hello
            type: core.log.Log
            message: "Connection {{ trigger.body.connectionId ?? 'unknown' }}"
        triggers:
          - id: event
            type: core.trigger.Webhook
            key: "{{ secret('WEBHOOK_KEY') }}"
            when: "{{ trigger.body.status == 'done' }}"
    """

    key: Annotated[
        str,
        Field(
            min_length=1,
            max_length=256,
            description="What the address must end with. Takes expressions, such as `secret()`.",
        ),
    ]
    wait: Annotated[
        bool,
        Field(
            description="Whether the answer waits for the end of the execution, 10 minutes at "
            "most; status 202 when it takes longer."
        ),
    ] = False
    return_outputs: Annotated[
        bool,
        Field(description="With `wait`: whether the answer is the outputs of the flow alone."),
    ] = False
    response_content_type: Annotated[
        ContentType, Field(description="The kind of the answer that has the outputs.")
    ] = ContentType.JSON
    response_code: Annotated[
        int | str | None,
        Field(
            description="With `wait`: the status of the answer. Takes expressions, which see "
            "`outputs`, `execution.state` and `trigger`."
        ),
    ] = None

    @model_validator(mode="after")
    def _waits(self) -> Self:
        if self.return_outputs and not self.wait:
            raise ValueError(
                "`returnOutputs` needs `wait: true`: there are no outputs before the end"
            )
        return self
