"""`core.execution.PurgeExecutions`: removes old executions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.model.state import State
from penstock.sdk.context import RunContext
from penstock.sdk.history import Parts, Removed, Selection, in_utc
from penstock.sdk.task import Outputs, RunnableTask


class PurgeExecutions(RunnableTask):
    """Removes executions that have ended, with their logs, metrics and files.

    What still runs stays, and so does what a running execution has called. Without a namespace
    the executions of all namespaces are meant whose flows allow it. It works in small batches,
    so a purge that is stopped has done what it has counted.

    Outputs: `executionsCount`, `logsCount`, `metricsCount` and `storagesCount` (files), how much
    was removed.

    Example:
        id: tidy
        namespace: company.team
        tasks:
          - id: purge
            type: core.execution.PurgeExecutions
            namespace: company.team
            endDate: "{{ execution.startDate | dateAdd(-1, 'MONTHS') }}"
            states: [SUCCESS]
    """

    namespace: Annotated[
        Dynamic[str | None],
        Field(description="Of this namespace; without `flowId` also of those below it."),
    ] = None
    flow_id: Annotated[Dynamic[str | None], Field(description="Only of the flow of this id.")] = (
        None
    )
    states: Annotated[
        Dynamic[tuple[State, ...]], Field(description="Only those that ended in these states.")
    ] = ()
    start_date: Annotated[
        Dynamic[datetime | None], Field(description="Only those created since this moment.")
    ] = None
    end_date: Annotated[
        Dynamic[datetime], Field(description="Only those created until this moment.")
    ]
    purge_execution: Annotated[
        Dynamic[bool], Field(description="Whether the executions themselves go.")
    ] = True
    purge_log: Annotated[Dynamic[bool], Field(description="Whether their logs go.")] = True
    purge_metric: Annotated[Dynamic[bool], Field(description="Whether their metrics go.")] = True
    purge_storage: Annotated[Dynamic[bool], Field(description="Whether their files go.")] = True
    batch_size: Annotated[
        Dynamic[Annotated[int, Field(ge=1, le=1000)]],
        Field(description="How many executions go in one transaction, at most 1000."),
    ] = 100

    def run(self, context: RunContext) -> Outputs:
        """Removes batch after batch until nothing is left or somebody stops it."""
        selection = Selection(
            self.namespace,
            self.flow_id,
            self.states,
            in_utc(self.start_date),
            in_utc(self.end_date),
        )
        parts = Parts(self.purge_execution, self.purge_log, self.purge_metric, self.purge_storage)
        total = Removed()
        for removed in context.history.purge_executions(
            selection, parts, batch_size=self.batch_size
        ):
            total.executions += removed.executions
            total.logs += removed.logs
            total.metrics += removed.metrics
            total.files += removed.files
            if context.is_cancelled:
                break
        return {
            "executionsCount": total.executions,
            "logsCount": total.logs,
            "metricsCount": total.metrics,
            "storagesCount": total.files,
        }
