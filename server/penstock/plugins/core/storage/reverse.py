"""`core.storage.Reverse`: turns the order of a file's rows around."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.sdk.context import RunContext
from penstock.sdk.records import hold_row
from penstock.sdk.task import Outputs, RunnableTask, TaskFailed

_CHUNK = 256 * 1024


class Reverse(RunnableTask):
    """Turns the order of a file's rows around: the last one becomes the first.

    Outputs: `uri` of the new file.

    Example:
        id: newest_first
        namespace: company.team
        tasks:
          - id: write
            type: core.storage.Write
            content: |
              first
              second
          - id: reverse
            type: core.storage.Reverse
            from: "{{ outputs.write.uri }}"
          - id: show
            type: core.log.Log
            message: "{{ read(outputs.reverse.uri) }}"
    """

    from_: Annotated[Dynamic[str], Field(alias="from", description="URI of the file.")]
    separator: Annotated[Dynamic[str], Field(min_length=1, description="What ends a row.")] = "\n"
    charset: Annotated[Dynamic[str], Field(description="The file's encoding.")] = "UTF-8"

    def run(self, context: RunContext) -> Outputs:
        """Reads the file from its end."""
        try:
            end = self.separator.encode(self.charset)
        except LookupError:
            raise TaskFailed(f"There is no charset '{self.charset}'.") from None
        folder = context.working_directory
        given = context.fetch_file(self.from_, folder / "given")
        turned = folder / "turned"
        with turned.open("wb") as target:
            for row in _rows_from_the_end(given, end):
                target.write(row + end)
        name = f"reversed{PurePosixPath(self.from_).suffix}"
        return {"uri": context.store_file(turned, name)}


def _rows_from_the_end(path: Path, end: bytes) -> Iterator[bytes]:
    with path.open("rb") as file:
        left = file.seek(0, os.SEEK_END)
        # Pieces of a row whose beginning is further ahead, the last one first.
        pending: list[bytes] = []
        pending_size = 0
        is_last = True
        step = max(_CHUNK, len(end))
        while left:
            size = min(step, left)
            left = file.seek(left - size)
            pending.append(file.read(size))
            pending_size += size
            # Only what is new is searched, and where it meets what is known.
            edge = pending[-2][: len(end) - 1] if len(pending) > 1 else b""
            if end not in pending[-1] + edge:
                hold_row(pending_size)
                continue
            first, *rows = b"".join(reversed(pending)).split(end)
            for row in reversed(rows):
                # Nothing stands behind the last separator.
                if not is_last or row:
                    yield row
                is_last = False
            # What stands first may begin further ahead, separator and all.
            pending, pending_size = [first], len(first)
        if pending_size or not is_last:
            yield b"".join(reversed(pending))
