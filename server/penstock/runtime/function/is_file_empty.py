"""The function `isFileEmpty`."""

from __future__ import annotations

from penstock.expression.catalogue import named
from penstock.expression.value import Value
from penstock.runtime.function._file import said
from penstock.runtime.function._reach import Reach, text


@named("isFileEmpty")
def is_file_empty(reach: Reach, path: Value) -> Value:
    """Whether a file has no bytes.

    Args:
        reach: what the execution reaches.
        path (text): the URI of the file.
    """
    uri = text("isFileEmpty", "path", path)
    files = reach.world.files_of(reach.execution)
    return said(lambda: files.size(uri)) == 0
