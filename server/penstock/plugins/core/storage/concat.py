"""`core.storage.Concat`: joins files."""

from __future__ import annotations

import shutil
from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.plugins.core.storage._uris import uris_of
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs, RunnableTask


class Concat(RunnableTask):
    r"""Joins files into one, in the order given.

    Outputs: `uri` of the joined file.

    Example:
        id: join_files
        namespace: company.team
        tasks:
          - id: one
            type: core.storage.Write
            content: Ada
          - id: two
            type: core.storage.Write
            content: Grace
          - id: join
            type: core.storage.Concat
            files:
              - "{{ outputs.one.uri }}"
              - "{{ outputs.two.uri }}"
            separator: "\n"
          - id: show
            type: core.log.Log
            message: "{{ read(outputs.join.uri) }}"
    """

    files: Annotated[
        Dynamic[tuple[str, ...] | str],
        Field(description="URIs of the files: a list, or JSON text of one."),
    ]
    separator: Annotated[Dynamic[str | None], Field(description="Written between two files.")] = (
        None
    )
    extension: Annotated[
        Dynamic[str], Field(description="How the name of the joined file ends.")
    ] = ".tmp"

    def run(self, context: RunContext) -> Outputs:
        """Copies one after the other."""
        path = context.working_directory / "joined"
        with path.open("wb") as joined:
            for number, uri in enumerate(uris_of(self.files, "files")):
                if number and self.separator:
                    joined.write(self.separator.encode())
                with context.files.open(uri) as part:
                    shutil.copyfileobj(part, joined, 1024 * 1024)
        return {"uri": context.store_file(path, f"joined{self.extension}")}
