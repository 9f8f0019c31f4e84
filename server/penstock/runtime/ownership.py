"""One executor per database: it keeps active executions in memory."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from sqlalchemy import Connection, make_url, text

from penstock.errors import Unavailable
from penstock.store.session import Database

_ADVISORY_KEY = 0x70656E73746F636B


class Ownership:
    """Holds a lock that the operating system or the database gives back when this process dies."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._file: int | None = None
        self._connection: Connection | None = None

    def acquire(self) -> None:
        """Takes the lock, if it is not taken yet. Raises `Unavailable` when another server has
        it, or when it cannot be had at all.
        """
        if self._file is not None or self._connection is not None:
            return
        if self._database.is_sqlite:
            path = make_url(self._database.url).database
            assert path, "the database is a file"
            self._file = _opened(f"{path}.lock")
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = Path(f"{path}.lock").read_text(encoding="ascii", errors="replace").strip()
                os.close(self._file)
                self._file = None
                raise _taken(f"process {holder}" if holder else "another process") from None
            os.ftruncate(self._file, 0)
            os.write(self._file, str(os.getpid()).encode())
            return
        connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        query = text("SELECT pg_try_advisory_lock(:key)")
        if not connection.execute(query, {"key": _ADVISORY_KEY}).scalar_one():
            connection.close()
            raise _taken("another server")
        self._connection = connection

    def release(self) -> None:
        """Gives the lock back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._connection is not None:
            # The lock belongs to the session, which a pool would keep open.
            self._connection.detach()
            self._connection.close()
            self._connection = None


def _opened(path: str) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Unavailable(
            f"Cannot write {path}: {error.strerror}.",
            hint="The server must be able to write its database and the folder around it.",
        ) from None


def _taken(holder: str) -> Unavailable:
    return Unavailable(
        f"The database is in use by {holder}: only one server at a time runs its executions.",
        hint="Stop that server first, or give this one a data folder of its own.",
    )
