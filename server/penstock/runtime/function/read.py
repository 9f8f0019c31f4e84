"""The function `read`."""

from __future__ import annotations

from penstock.expression.catalogue import named
from penstock.expression.error import ExpressionError
from penstock.expression.value import Value
from penstock.runtime.function._file import NamedFile
from penstock.runtime.function._reach import Reach

_READ_LIMIT = 10 * 1024 * 1024


@named("read")
def read(
    reach: Reach,
    path: Value,
    namespace: Value = None,
    revision: Value = None,
    version: Value = None,
) -> Value:
    """The text of a file, up to 10 MiB.

    Args:
        reach: what the execution reaches.
        path (text): the path of a file of a namespace, or a URI.
        namespace (text): whose file it is; the flow's own by default.
        revision (integer): an older revision of a namespace's file.
        version (integer): the same, as older flows call it.
    """
    which = version if revision is None else revision
    named_file = NamedFile(reach, "read", path, namespace, which)
    with named_file.open() as file:
        content = file.read(_READ_LIMIT + 1)
    if len(content) > _READ_LIMIT:
        raise ExpressionError(
            f"The file '{named_file.path}' is larger than the {_READ_LIMIT // 2**20} MiB that "
            "`read` takes into an expression. Give it to a task as an input file instead."
        )
    return content.decode(errors="replace")
