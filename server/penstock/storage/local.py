"""Files in a folder of this machine."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

from penstock.storage.base import SCHEME, FileNotStored, InvalidUri, parts

_ARRIVING = ".arriving"


class LocalStorage:
    """Keeps files below `root`, a folder a tenant.

    A file appears whole or not at all: it is copied aside, made durable, then renamed.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, tenant: str, uri: str, source: Path) -> str:
        """Keeps a copy of `source`, durable when this returns; gives the full URI."""
        target = self._path(tenant, uri)
        arriving = self._root / _ARRIVING
        arriving.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=arriving)
        try:
            with os.fdopen(handle, "wb") as copy, source.open("rb") as original:
                shutil.copyfileobj(original, copy, 1024 * 1024)
                copy.flush()
                os.fsync(copy.fileno())
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        self._keep_names(target.parent)
        return f"{SCHEME}:///" + "/".join(parts(uri))

    def open(self, tenant: str, uri: str) -> BinaryIO:
        """Opens a file for reading; raises `FileNotStored`."""
        path = self._path(tenant, uri)
        try:
            return path.open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise FileNotStored(f"There is no stored file '{uri}'.") from None

    def exists(self, tenant: str, uri: str) -> bool:
        """Whether there is such a file."""
        return self._path(tenant, uri).is_file()

    def delete(self, tenant: str, uri: str) -> bool:
        """Removes a file, and folders that it leaves empty; tells whether there was one."""
        path = self._path(tenant, uri)
        try:
            path.unlink()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError):
            return False
        with contextlib.suppress(OSError):
            for folder in path.relative_to(self._root).parents:
                (self._root / folder).rmdir()
        return True

    def delete_below(self, tenant: str, uri: str) -> int:
        """Removes a folder and all files in it; gives their number."""
        folder = self._path(tenant, uri)
        count = sum(1 for path in folder.rglob("*") if path.is_file())
        shutil.rmtree(folder, ignore_errors=True)
        return count

    def _path(self, tenant: str, uri: str) -> Path:
        (own,) = parts(tenant)
        if own == _ARRIVING:
            raise InvalidUri(f"'{tenant}' is no tenant.")
        root = self._root / own
        path = root.joinpath(*parts(uri))
        # Nobody but us writes here; a link that somebody planted is still no way out.
        if not path.resolve().is_relative_to(root.resolve()):
            raise InvalidUri(f"'{uri}' does not name a stored file.")
        return path

    def _keep_names(self, folder: Path) -> None:
        """A rename is durable once its folder is: for each folder that may be new."""
        while folder != self._root:
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
            folder = folder.parent
