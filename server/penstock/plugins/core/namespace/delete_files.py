"""`core.namespace.DeleteFiles`: removes files of a namespace."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Json
from penstock.plugins.core.namespace._selection import selected
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs, RunnableTask


class DeleteFiles(RunnableTask):
    """Removes files of a namespace; their revisions stay until they are purged.

    Outputs: `files`, the paths that are gone.

    Example:
        id: delete_queries
        namespace: company.team
        tasks:
          - id: delete
            type: core.namespace.DeleteFiles
            namespace: company.team
            files:
              - sql/*.sql
          - id: show
            type: core.log.Log
            message: "{{ outputs.delete.files | length }} removed"
    """

    namespace: Annotated[Dynamic[str], Field(description="Whose files.")]
    files: Annotated[
        Dynamic[tuple[str, ...] | str],
        Field(description="Paths, globs or regular expressions: one, or a list."),
    ]
    delete_parent_folder: Annotated[
        Dynamic[bool],
        Field(description="Accepted for old flows: a folder without files is not there anyway."),
    ] = False

    def run(self, context: RunContext) -> Outputs:
        """Removes one after the other."""
        gone: list[Json] = [
            path
            for path in selected(context, self.namespace, self.files)
            if context.namespace_files.delete(path, self.namespace)
        ]
        return {"files": gone}
