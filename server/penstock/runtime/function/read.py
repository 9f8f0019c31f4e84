"""The function `read`."""

from __future__ import annotations

from penstock.expression.catalogue import named
from penstock.expression.error import ExpressionError
from penstock.expression.value import Value
from penstock.runtime.function._file import said
from penstock.runtime.function._reach import Reach, text

_READ_LIMIT = 10 * 1024 * 1024


@named("read")
def read(reach: Reach, path: Value) -> Value:
    """The text of a stored file, up to 10 MiB.

    Args:
        reach: what the execution reaches.
        path (text): the URI of the file.
    """
    uri = text("read", "path", path)
    files = reach.world.files_of(reach.execution)
    with said(lambda: files.open(uri)) as file:
        content = file.read(_READ_LIMIT + 1)
    if len(content) > _READ_LIMIT:
        raise ExpressionError(
            f"The file '{uri}' is larger than the {_READ_LIMIT // 2**20} MiB that `read` "
            "takes into an expression. Give it to a task as an input file instead."
        )
    return content.decode(errors="replace")
