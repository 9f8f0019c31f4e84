"""`core.debug.Return`: gives back a rendered text."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.plugins.text import Text
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs, RunnableTask


class Return(RunnableTask):
    """Renders a text and gives it back, to look at a value or to keep one for later tasks.

    Outputs: `value`, the rendered text. Metrics: `length` and `duration`.

    Example:
        id: look
        namespace: company.team
        tasks:
          - id: when
            type: core.debug.Return
            format: "{{ execution.startDate }}"
          - id: show
            type: core.log.Log
            message: "{{ outputs.when.value }}"
    """

    instant: ClassVar[bool] = True

    format: Annotated[
        Dynamic[Text | None], Field(description="The text, with expressions, to give back.")
    ] = None

    def run(self, context: RunContext) -> Outputs:
        """Gives back the rendered text as `value`."""
        started = context.now()
        context.metric("length", len(self.format or ""))
        context.metric("duration", (context.now() - started).total_seconds(), kind="timer")
        return {"value": self.format}
