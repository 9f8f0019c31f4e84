"""`core.storage.Split`: makes several files of one."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.plugins.text import Text
from penstock.sdk.context import RunContext
from penstock.sdk.records import Splitting, size_of, split
from penstock.sdk.task import Outputs, RunnableTask


class Split(RunnableTask):
    """Makes several files of one; a row is never torn apart.

    Give one of `bytes`, `partitions`, `rows` and `regexPattern`.

    Outputs: `uris` of the files, in order.

    Example:
        id: split_a_file
        namespace: company.team
        tasks:
          - id: write
            type: core.storage.Write
            content: |
              Ada
              Grace
              Edsger
          - id: split
            type: core.storage.Split
            from: "{{ outputs.write.uri }}"
            rows: 2
          - id: show
            type: core.log.Log
            message: "{{ outputs.split.uris | length }} files"
    """

    from_: Annotated[Dynamic[str], Field(alias="from", description="URI of the file.")]
    bytes: Annotated[
        Dynamic[Text | None],
        Field(description="The most that a file may hold, such as 10MB; a larger row stays whole."),
    ] = None
    partitions: Annotated[
        Dynamic[int | None], Field(description="Number of files; they get the rows in turn.")
    ] = None
    rows: Annotated[Dynamic[int | None], Field(description="Rows in each file.")] = None
    regex_pattern: Annotated[
        Dynamic[str | None],
        Field(
            description="Regular expression with a group: rows in which it matches the same text "
            "go to the same file, those that it does not match go nowhere."
        ),
    ] = None
    separator: Annotated[Dynamic[str], Field(description="What ends a row.")] = "\n"

    def run(self, context: RunContext) -> Outputs:
        """Reads row by row."""
        how = Splitting(
            size=None if self.bytes is None else size_of(self.bytes),
            partitions=self.partitions,
            rows=self.rows,
            pattern=self.regex_pattern,
            separator=self.separator,
        )
        ending = PurePosixPath(self.from_).suffix
        with context.files.open(self.from_) as source:
            parts = split(source, context.working_directory, how)
        return {"uris": [context.store_file(part, f"{part.name}{ending}") for part in parts]}
