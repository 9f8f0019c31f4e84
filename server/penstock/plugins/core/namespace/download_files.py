"""`core.namespace.DownloadFiles`: gives files of a namespace to later tasks."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Json
from penstock.plugins.core.namespace._selection import selected
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs, RunnableTask, TaskFailed


class DownloadFiles(RunnableTask):
    """Gives files of a namespace to later tasks, as they are now.

    Outputs: `files`, path → URI of its content, which keeps naming it whatever is written later.

    Example:
        id: use_queries
        namespace: company.team
        tasks:
          - id: make
            type: core.storage.Write
            content: SELECT 1
          - id: upload
            type: core.namespace.UploadFiles
            namespace: company.team
            filesMap:
              sql/one.sql: "{{ outputs.make.uri }}"
          - id: download
            type: core.namespace.DownloadFiles
            namespace: company.team
            files:
              - sql/*.sql
          - id: show
            type: core.log.Log
            message: "{{ read(outputs.download.files['sql/one.sql']) }}"
    """

    namespace: Annotated[Dynamic[str], Field(description="Whose files.")]
    files: Annotated[
        Dynamic[tuple[str, ...] | str],
        Field(description="Paths, globs or regular expressions: one, or a list."),
    ]
    destination: Annotated[
        Dynamic[str], Field(description="Folder that the names in `files` begin with.")
    ] = ""

    def run(self, context: RunContext) -> Outputs:
        """Looks them up. Raises `TaskFailed` when there is none."""
        paths = selected(context, self.namespace, self.files)
        if not paths:
            raise TaskFailed(f"No file of the namespace '{self.namespace}' matches `files`.")
        folder = self.destination.strip("/")
        found: dict[str, Json] = {
            f"{folder}/{path}" if folder else path: context.namespace_files.uri(
                path, self.namespace
            )
            for path in paths
        }
        return {"files": found}
