"""The function `fileSize`."""

from __future__ import annotations

from penstock.expression.catalogue import named
from penstock.expression.value import Value
from penstock.runtime.function._file import NamedFile
from penstock.runtime.function._reach import Reach


@named("fileSize")
def file_size(reach: Reach, path: Value, namespace: Value = None) -> Value:
    """How many bytes a file has.

    Args:
        reach: what the execution reaches.
        path (text): the path of a file of a namespace, or a URI.
        namespace (text): whose file it is; the flow's own by default.
    """
    return NamedFile(reach, "fileSize", path, namespace).size()
