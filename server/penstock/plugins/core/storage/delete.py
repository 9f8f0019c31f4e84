"""`core.storage.Delete`: removes a file."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs, RunnableTask, TaskFailed


class Delete(RunnableTask):
    """Removes a file of this execution, or of another one of the same namespace.

    Outputs: `uri`, and `deleted`, whether there was such a file.

    Example:
        id: delete_a_file
        namespace: company.team
        tasks:
          - id: write
            type: core.storage.Write
            content: Hello
          - id: delete
            type: core.storage.Delete
            uri: "{{ outputs.write.uri }}"
          - id: show
            type: core.log.Log
            message: "{{ fileExists(outputs.write.uri) }}"
    """

    uri: Annotated[Dynamic[str], Field(description="URI of the file.")]
    error_on_missing: Annotated[
        Dynamic[bool], Field(description="Whether a file that is not there fails the task.")
    ] = False

    def run(self, context: RunContext) -> Outputs:
        """Removes it."""
        deleted = context.files.delete(self.uri)
        if not deleted and self.error_on_missing:
            raise TaskFailed(f"There is no file '{self.uri}'.")
        return {"uri": self.uri, "deleted": deleted}
