"""`core.log.PurgeLogs`: removes old log lines."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.model.task import LogLevel
from penstock.sdk.context import RunContext
from penstock.sdk.history import Selection, in_utc
from penstock.sdk.task import Outputs, RunnableTask


class PurgeLogs(RunnableTask):
    """Removes lines of executions' logs that are old enough; the executions stay.

    Outputs: `count`, how many lines were removed.

    Example:
        id: tidy-logs
        namespace: company.team
        tasks:
          - id: purge
            type: core.log.PurgeLogs
            namespace: company.team
            logLevels: [TRACE, DEBUG]
            endDate: "{{ execution.startDate | dateAdd(-7, 'DAYS') }}"
    """

    namespace: Annotated[
        Dynamic[str | None],
        Field(description="Of this namespace; without `flowId` also of those below it."),
    ] = None
    flow_id: Annotated[Dynamic[str | None], Field(description="Only of the flow of this id.")] = (
        None
    )
    execution_id: Annotated[Dynamic[str | None], Field(description="Only of this execution.")] = (
        None
    )
    log_levels: Annotated[
        Dynamic[tuple[LogLevel, ...]], Field(description="Only lines of these levels.")
    ] = ()
    start_date: Annotated[
        Dynamic[datetime | None], Field(description="Only lines since this moment.")
    ] = None
    end_date: Annotated[Dynamic[datetime], Field(description="Only lines until this moment.")]

    def run(self, context: RunContext) -> Outputs:
        """Removes batch after batch until nothing is left or somebody stops it."""
        selection = Selection(
            self.namespace,
            self.flow_id,
            since=in_utc(self.start_date),
            until=in_utc(self.end_date),
        )
        count = 0
        for removed in context.history.purge_logs(
            selection, execution_id=self.execution_id, levels=self.log_levels
        ):
            count += removed
            if context.is_cancelled:
                break
        return {"count": count}
