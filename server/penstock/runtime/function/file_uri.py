"""The function `fileURI`."""

from __future__ import annotations

from penstock.expression.catalogue import named
from penstock.expression.value import Value
from penstock.runtime.function._file import NamedFile
from penstock.runtime.function._reach import Reach


@named("fileURI")
def file_uri(
    reach: Reach,
    path: Value,
    namespace: Value = None,
    revision: Value = None,
    version: Value = None,
) -> Value:
    """The URI of a namespace's file, which keeps naming the content that it has now.

    Args:
        reach: what the execution reaches.
        path (text): the path of a file of a namespace, or a URI.
        namespace (text): whose file it is; the flow's own by default.
        revision (integer): an older revision of a namespace's file.
        version (integer): the same, as older flows call it.
    """
    which = version if revision is None else revision
    return NamedFile(reach, "fileURI", path, namespace, which).uri()
