"""`core.log.Log`: writes lines to the execution's log."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.model.task import LogLevel
from penstock.plugins.text import Text
from penstock.sdk.context import RunContext
from penstock.sdk.task import RunnableTask


class Log(RunnableTask):
    """Writes one or more lines to the execution's log.

    Example:
        id: hello
        namespace: company.team
        tasks:
          - id: greet
            type: core.log.Log
            message: "Hello from {{ flow.id }}"
            level: INFO
    """

    instant: ClassVar[bool] = True

    message: Annotated[
        Dynamic[Text | tuple[Text, ...]],
        Field(description="The line to write, or a list of lines."),
    ]
    level: Annotated[
        Dynamic[LogLevel],
        Field(description="How important the lines are: TRACE, DEBUG, INFO, WARN or ERROR."),
    ] = LogLevel.INFO

    def run(self, context: RunContext) -> None:
        """Writes the message; a list gives one log line an item."""
        lines = (self.message,) if isinstance(self.message, str) else self.message
        for line in lines:
            context.log(line, self.level)
