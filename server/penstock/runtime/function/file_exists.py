"""The function `fileExists`."""

from __future__ import annotations

from penstock.expression.catalogue import named
from penstock.expression.value import Value
from penstock.runtime.function._file import NamedFile
from penstock.runtime.function._reach import Reach


@named("fileExists")
def file_exists(reach: Reach, path: Value, namespace: Value = None) -> Value:
    """Whether there is such a file.

    Args:
        reach: what the execution reaches.
        path (text): the path of a file of a namespace, or a URI.
        namespace (text): whose file it is; the flow's own by default.
    """
    return NamedFile(reach, "fileExists", path, namespace).exists()
