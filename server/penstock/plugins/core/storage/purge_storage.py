"""`core.storage.PurgeStorage`: removes old files of executions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs, RunnableTask


class PurgeStorage(RunnableTask):
    """Removes the files of executions that have ended, by the time of their last file.

    Without `dryRun: false` it only counts. The executions themselves stay, and so do the files of
    namespaces.

    Outputs: `scannedCount`, executions with files; `purgedCount`, those of them whose files are
    (or would be) gone; `deletedFilesCount`, how many files that is.

    Example:
        id: purge_storage
        namespace: company.team
        tasks:
          - id: purge
            type: core.storage.PurgeStorage
            endDate: "{{ now() | dateAdd(-30, 'DAYS') }}"
            dryRun: true
          - id: show
            type: core.log.Log
            message: "{{ outputs.purge.deletedFilesCount }} files are older than 30 days"
    """

    end_date: Annotated[
        Dynamic[datetime], Field(description="Executions whose last file is from before this time.")
    ]
    start_date: Annotated[
        Dynamic[datetime | None], Field(description="… and not from before this one.")
    ] = None
    namespace: Annotated[
        Dynamic[str | None],
        Field(description="A namespace and those below it; the flow's own by default."),
    ] = None
    flow_id: Annotated[
        Dynamic[str | None], Field(description="A flow of exactly that namespace.")
    ] = None
    dry_run: Annotated[Dynamic[bool], Field(description="Whether to count only.")] = True

    def run(self, context: RunContext) -> Outputs:
        """Goes through the storage."""
        scanned, purged, deleted = context.files.sweep(
            self.namespace or context.namespace,
            self.flow_id,
            since=None if self.start_date is None else _aware(self.start_date),
            until=_aware(self.end_date),
            is_dry=self.dry_run,
        )
        return {"scannedCount": scanned, "purgedCount": purged, "deletedFilesCount": deleted}


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
