"""`core.debug.Echo`: the older name of `core.log.Log`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.model.task import LogLevel
from penstock.plugins.text import Text
from penstock.sdk.context import RunContext
from penstock.sdk.task import RunnableTask


class Echo(RunnableTask):
    """Writes a line to the execution's log; `core.log.Log` does the same and more.

    Example:
        id: echo
        namespace: company.team
        tasks:
          - id: look
            type: core.debug.Echo
            format: "{{ flow.id }} is running"
    """

    instant: ClassVar[bool] = True

    format: Annotated[Dynamic[Text | None], Field(description="The line, with expressions.")] = None
    level: Annotated[
        Dynamic[LogLevel],
        Field(description="How important it is: TRACE, DEBUG, INFO, WARN or ERROR."),
    ] = LogLevel.INFO

    def run(self, context: RunContext) -> None:
        """Writes the line."""
        context.log(self.format or "", self.level)
