"""The only place where transactions begin and end."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.pool import ConnectionPoolEntry

from penstock.errors import Unavailable

_BUSY_MILLISECONDS = 30_000
_CHECKPOINT_PAGES = 4_000
"""Copying the log back into the file makes one commit wait: with SQLite's 1,000 pages (4 MB) each
hundredth took 4 to 8 ms, with 4,000 (16 MB) 0.5 ms, and more than that gained nothing."""


class Database:
    """Connections to SQLite or PostgreSQL, and the two kinds of transaction on them.

    Writers of this process queue on a lock of their own: SQLite lets one write at a time
    anyway, and waiting in order is fairer than its busy loop.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self._writing = threading.Lock()
        self._engine = _open(url, is_sqlite=self.is_sqlite)
        self._writer = self._engine.execution_options(writes=True)

    @property
    def engine(self) -> Engine:
        """For schema migrations only."""
        return self._engine

    @contextmanager
    def transaction(self) -> Generator[Connection]:
        """A transaction that writes: committed when the block ends, rolled back when it raises."""
        with self._writing, self._writer.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def read(self) -> Generator[Connection]:
        """A short consistent view; nothing that it does is kept."""
        with self._engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Closes idle connections."""
        self._engine.dispose()


def outage(error: Exception) -> Unavailable | None:
    """What callers hear when the database cannot do something now: a full disk, a lost
    connection. None when the error is of another kind.
    """
    if isinstance(error, PoolExhausted):
        return Unavailable("All connections to the database are in use.", hint="Try again.")
    if not isinstance(error, OperationalError):
        return None
    # The driver's own words: SQLAlchemy's would quote the statement and its rows.
    cause = str(error.orig).strip().splitlines() or ["no reason given"]
    return Unavailable(
        f"The database cannot do this now: {cause[0].rstrip('.')}.",
        hint="Nothing of this call was kept; try again when the cause is mended.",
    )


def _open(url: str, *, is_sqlite: bool) -> Engine:
    if not is_sqlite:
        return create_engine(
            url, pool_size=10, max_overflow=20, pool_pre_ping=True, hide_parameters=True
        )
    engine = create_engine(
        url,
        connect_args={"check_same_thread": False, "isolation_level": None},
        pool_size=10,
        max_overflow=40,
        # What is written may be anybody's data: errors and their logs must not quote it.
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    # A reader that upgrades to a writer can fail at once; so writers take the lock first.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    assert isinstance(connection, sqlite3.Connection)
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"wal_autocheckpoint={_CHECKPOINT_PAGES}",
        f"busy_timeout={_BUSY_MILLISECONDS}",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        "cache_size=-16000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
