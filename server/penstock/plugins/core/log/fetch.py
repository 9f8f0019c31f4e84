"""`core.log.Fetch`: keeps the log of an execution as a file."""

from __future__ import annotations

from typing import Annotated

import orjson
from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.model.task import LogLevel
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs, RunnableTask


class Fetch(RunnableTask):
    """Writes the lines of an execution's log into a stored file, one JSON object a line.

    Each has `namespace`, `flowId`, `executionId`, `taskId`, `taskRunId`, `attemptNumber`,
    `timestamp`, `level` and `message`.

    Outputs: `uri`, the file; `size`, how many lines it has.

    Example:
        id: keep-errors
        namespace: company.team
        tasks:
          - id: careful
            type: core.log.Log
            message: look here
            level: WARN
          - id: lines
            type: core.log.Fetch
            level: WARN
            tasksId: [careful]
          - id: show
            type: core.log.Log
            message: "{{ outputs.lines.size }} lines in {{ outputs.lines.uri }}"
    """

    execution_id: Annotated[
        Dynamic[str | None], Field(description="The execution; this one if it is left out.")
    ] = None
    namespace: Annotated[
        Dynamic[str | None], Field(description="Of no effect: the execution is enough.")
    ] = None
    flow_id: Annotated[
        Dynamic[str | None], Field(description="Of no effect: the execution is enough.")
    ] = None
    tasks_id: Annotated[
        Dynamic[tuple[str, ...]], Field(description="Only lines of these tasks.")
    ] = ()
    level: Annotated[
        Dynamic[LogLevel], Field(description="The least important level that is kept.")
    ] = LogLevel.INFO

    def run(self, context: RunContext) -> Outputs:
        """Stores the file."""
        path = context.working_directory / "logs.jsonl"
        size = 0
        with path.open("wb") as file:
            for line in context.history.lines(
                self.execution_id or context.execution_id, task_ids=self.tasks_id, level=self.level
            ):
                file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
                size += 1
        return {"uri": context.store_file(path), "size": size}
