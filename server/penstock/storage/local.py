"""Files in a folder of this machine."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from penstock.storage.base import SCHEME, FileNotStored, InvalidUri, StoredFile, parts

_ARRIVING = ".arriving"


class LocalStorage:
    """Keeps files below `root`, a folder a tenant.

    A file appears whole or not at all: it is copied aside, made durable, then renamed.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, tenant: str, uri: str, source: Path | bytes) -> str:
        """Keeps a copy of a file, or bytes, durable when this returns; gives the full URI."""
        target = self._path(tenant, uri)
        arriving = self._root / _ARRIVING
        arriving.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=arriving)
        try:
            with os.fdopen(handle, "wb") as copy:
                _copy(source, copy)
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

    def size(self, tenant: str, uri: str) -> int:
        """The bytes of a file; raises `FileNotStored`."""
        path = self._path(tenant, uri)
        if not path.is_file():
            raise FileNotStored(f"There is no stored file '{uri}'.")
        return path.stat().st_size

    def files(self, tenant: str, uri: str = "") -> Iterator[StoredFile]:
        """All files of the tenant, or those in a folder, in the order of their URIs."""
        root = self._tenant_root(tenant)
        for path in _files(self._path(tenant, uri) if uri else root):
            with contextlib.suppress(FileNotFoundError):
                found = path.stat()
                yield StoredFile(
                    f"{SCHEME}:///{path.relative_to(root).as_posix()}",
                    found.st_size,
                    datetime.fromtimestamp(found.st_mtime, UTC),
                )

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
        root = self._tenant_root(tenant)
        path = root.joinpath(*parts(uri))
        # Nobody but us writes here; a link that somebody planted is still no way out.
        if not path.resolve().is_relative_to(root.resolve()):
            raise InvalidUri(f"'{uri}' does not name a stored file.")
        return path

    def _tenant_root(self, tenant: str) -> Path:
        (own,) = parts(tenant)
        if own == _ARRIVING:
            raise InvalidUri(f"'{tenant}' is no tenant.")
        return self._root / own

    def _keep_names(self, folder: Path) -> None:
        """A rename is durable once its folder is: for each folder that may be new."""
        while folder != self._root:
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
            folder = folder.parent


def _copy(source: Path | bytes, copy: BinaryIO) -> None:
    if isinstance(source, bytes):
        copy.write(source)
        return
    with source.open("rb") as original:
        shutil.copyfileobj(original, copy, 1024 * 1024)


def _files(folder: Path) -> Iterator[Path]:
    """Links are not followed."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            yield Path(entry.path)
