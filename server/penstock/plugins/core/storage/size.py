"""`core.storage.Size`: tells how large a file is."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs, RunnableTask


class Size(RunnableTask):
    """Tells how many bytes a file has.

    Outputs: `size`.

    Example:
        id: size_of_a_file
        namespace: company.team
        tasks:
          - id: write
            type: core.storage.Write
            content: Hello
          - id: size
            type: core.storage.Size
            uri: "{{ outputs.write.uri }}"
          - id: show
            type: core.log.Log
            message: "{{ outputs.size.size }} bytes"
    """

    uri: Annotated[Dynamic[str], Field(description="URI of the file.")]

    def run(self, context: RunContext) -> Outputs:
        """Asks the storage."""
        return {"size": context.files.size(self.uri)}
