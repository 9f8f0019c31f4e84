"""The function `fileExists`."""

from __future__ import annotations

from penstock.expression.catalogue import named
from penstock.expression.value import Value
from penstock.runtime.function._file import said
from penstock.runtime.function._reach import Reach, text


@named("fileExists")
def file_exists(reach: Reach, path: Value) -> Value:
    """Whether there is such a file.

    Args:
        reach: what the execution reaches.
        path (text): the URI of the file.
    """
    uri = text("fileExists", "path", path)
    files = reach.world.files_of(reach.execution)
    return said(lambda: files.exists(uri))
