"""The kind of trigger that asks again and again."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from penstock.model.trigger import Trigger
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs


class PollingTrigger(Trigger):
    """A trigger that is evaluated in an interval. By then every `Dynamic` property has its real
    type. Only one of all servers evaluates it at a time.
    """

    interval: Annotated[
        timedelta,
        Field(ge=timedelta(seconds=1), description="How long from one evaluation to the next."),
    ] = timedelta(seconds=60)

    def poll(self, context: RunContext) -> Outputs | None:
        """Evaluates once: what expressions see as ``trigger.*`` when it fires, None when it does
        not. Raises `TaskFailed`. There is no task run: the id of one in `context` is of no use.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say what it asks")
