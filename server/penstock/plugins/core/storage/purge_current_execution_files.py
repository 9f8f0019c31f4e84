"""`core.storage.PurgeCurrentExecutionFiles`: removes all files of the execution."""

from __future__ import annotations

from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs, RunnableTask


class PurgeCurrentExecutionFiles(RunnableTask):
    """Removes all files that this execution has stored, those of its inputs among them.

    Outputs: `uris` of the files that are gone.

    Example:
        id: leave_no_files
        namespace: company.team
        tasks:
          - id: write
            type: core.storage.Write
            content: only for a moment
          - id: purge
            type: core.storage.PurgeCurrentExecutionFiles
          - id: show
            type: core.log.Log
            message: "{{ outputs.purge.uris | length }} removed"
    """

    def run(self, context: RunContext) -> Outputs:
        """Removes the execution's folder."""
        return {"uris": [*context.files.purge()]}
