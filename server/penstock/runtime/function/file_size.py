"""The function `fileSize`."""

from __future__ import annotations

from penstock.expression.catalogue import named
from penstock.expression.value import Value
from penstock.runtime.function._file import said
from penstock.runtime.function._reach import Reach, text


@named("fileSize")
def file_size(reach: Reach, path: Value) -> Value:
    """How many bytes a file has.

    Args:
        reach: what the execution reaches.
        path (text): the URI of the file.
    """
    uri = text("fileSize", "path", path)
    files = reach.world.files_of(reach.execution)
    return said(lambda: files.size(uri))
