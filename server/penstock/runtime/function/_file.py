"""What the functions about files share: which file a call names, and how it is reached."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, TypeVar

from penstock.errors import NotFound, PenstockError
from penstock.expression.error import ExpressionError
from penstock.expression.value import Value
from penstock.runtime.function._reach import Reach, text

_STORED = ("penstock://", "kestra://", "file://")
T = TypeVar("T")


class NamedFile:
    """The file that a call names; a path without a scheme is that of a namespace's file."""

    def __init__(
        self, reach: Reach, function: str, path: Value, namespace: Value, revision: Value = None
    ) -> None:
        self.path = text(function, "path", path)
        self._space = None if namespace is None else text(function, "namespace", namespace)
        if revision is not None and (isinstance(revision, bool) or not isinstance(revision, int)):
            raise ExpressionError(f"The '{function}' function needs a whole number as 'revision'.")
        self._revision = revision
        self._is_stored = self.path.startswith(_STORED)
        self._files = reach.world.files_of(reach.execution)
        self._spaces = reach.world.namespace_files_of(reach.execution, reach.pairs.now)

    def open(self) -> BinaryIO:
        """The file, to read. Raises `ExpressionError`."""
        if self._is_stored:
            return _said(lambda: self._files.open(self.path))
        return _said(lambda: self._spaces.open(self.path, self._space, self._revision))

    def size(self) -> int:
        """Its bytes. Raises `ExpressionError`."""
        return _said(self._size)

    def exists(self) -> bool:
        """Whether it is there. Raises `ExpressionError` when it may not be looked at."""

        def look() -> bool:
            try:
                self._size()
            except NotFound:
                return False
            return True

        return _said(look)

    def uri(self) -> str:
        """The URI of its content. Raises `ExpressionError`."""
        if self._is_stored:
            return self.path
        return _said(lambda: self._spaces.uri(self.path, self._space, self._revision))

    def _size(self) -> int:
        if self._is_stored:
            return self._files.size(self.path)
        return self._spaces.size(self.path, self._space, self._revision)


def _said(call: Callable[[], T]) -> T:
    """What the call gives; its sentence becomes the expression's."""
    try:
        return call()
    except PenstockError as error:
        raise ExpressionError(error.message) from None
