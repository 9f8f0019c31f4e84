"""`core.storage.Write`: keeps a text as a file."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.plugins.text import Text
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs, RunnableTask


class Write(RunnableTask):
    """Keeps a text as a file in internal storage.

    Outputs: `uri`, the file's.

    Example:
        id: write_a_file
        namespace: company.team
        tasks:
          - id: write
            type: core.storage.Write
            content: Hello from {{ flow.id }}
            extension: .txt
          - id: show
            type: core.log.Log
            message: "{{ read(outputs.write.uri) }}"
    """

    content: Annotated[Dynamic[Text], Field(description="What the file holds.")]
    extension: Annotated[
        Dynamic[str | None], Field(description="How the file's name ends, such as .csv.")
    ] = None

    def run(self, context: RunContext) -> Outputs:
        """Writes it as UTF-8."""
        path = context.working_directory / "content"
        path.write_text(self.content, encoding="utf-8", newline="")
        return {"uri": context.store_file(path, f"content{self.extension or ''}")}
