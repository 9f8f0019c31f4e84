"""A connection to DuckDB for the length of one task."""

from __future__ import annotations

import base64
import json
import math
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Self
from uuid import UUID

from penstock.model.frozen import Json
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs, TaskFailed

if TYPE_CHECKING:
    import duckdb

MAX_FETCHED_ROWS = 50_000
_BATCH = 1_000
_INTERRUPT_SECONDS = 0.05
_URL = "jdbc:duckdb:"


class FetchType(StrEnum):
    """What becomes of a query's rows."""

    STORE = "STORE"
    FETCH = "FETCH"
    FETCH_ONE = "FETCH_ONE"
    NONE = "NONE"


@dataclass
class Session:
    """Runs SQL for a task; a cancel interrupts the statement at work."""

    context: RunContext
    url: str
    _connection: duckdb.DuckDBPyConnection | None = None
    _stopped: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        try:
            import duckdb  # noqa: PLC0415 an optional extra
        except ModuleNotFoundError:
            raise TaskFailed(
                "DuckDB is not installed on this server: install it with "
                "pip install 'penstock[duckdb]'."
            ) from None
        database = _database(self.url)
        try:
            self._connection = duckdb.connect(database)
            folder = str(self.context.working_directory).replace("'", "''")
            # So that SQL finds inputFiles by their names.
            self._connection.execute(f"SET file_search_path = '{folder}'")
        except duckdb.Error as error:
            self.__exit__()
            raise TaskFailed(f"The database '{database}' cannot be opened: {error}") from None
        self.context.on_cancel(self.stop)
        if self.context.is_cancelled:
            self.stop()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    def stop(self) -> None:
        """Interrupts the statement at work and lets no other begin."""
        self._stopped.set()
        threading.Thread(target=self._interrupt, daemon=True).start()

    def _interrupt(self) -> None:
        """Again and again: an interrupt between two statements is lost on the second."""
        pause = threading.Event()
        while True:
            with self._lock:
                if self._connection is None:
                    return
                self._connection.interrupt()
            pause.wait(_INTERRUPT_SECONDS)

    def run(
        self, sql: str, parameters: Mapping[str, Json], fetch: FetchType, name: str
    ) -> list[Outputs]:
        """Runs each statement of `sql`; gives the outputs of those that return rows."""
        import duckdb  # noqa: PLC0415 see above

        connection = self._open()
        results: list[Outputs] = []
        try:
            for statement in connection.extract_statements(sql):
                if self._stopped.is_set():
                    break
                known = statement.named_parameters
                given = {key: value for key, value in parameters.items() if key in known}
                connection.execute(statement, given or None)
                if _returns_rows(statement, connection):
                    suffix = f"-{len(results) + 1}" if results else ""
                    results.append(self._take(connection, fetch, f"{name}{suffix}.jsonl"))
        except duckdb.Error as error:
            if not self._stopped.is_set():
                raise TaskFailed(f"DuckDB: {str(error).strip()}") from None
        if self._stopped.is_set():
            raise TaskFailed("The query was interrupted because the task was asked to stop.")
        return results

    def execute(self, sql: str) -> None:
        """Runs one statement of our own, such as BEGIN."""
        self._open().execute(sql)

    def _open(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            raise TaskFailed("The session is closed.")
        return self._connection

    def _take(self, connection: duckdb.DuckDBPyConnection, fetch: FetchType, name: str) -> Outputs:
        match fetch:
            case FetchType.NONE:
                return {}
            case FetchType.FETCH_ONE:
                row = next(_rows(connection), None)
                return {"row": row, "size": 0 if row is None else 1}
            case FetchType.FETCH:
                rows: list[Json] = []
                for row in _rows(connection):
                    rows.append(row)
                    if len(rows) > MAX_FETCHED_ROWS:
                        raise TaskFailed(
                            f"The query returns more than {MAX_FETCHED_ROWS} rows, which is more "
                            "than outputs may hold: use fetchType STORE or a LIMIT."
                        )
                return {"rows": rows, "size": len(rows)}
            case FetchType.STORE:
                path = self.context.working_directory / name
                size = _write(path, _rows(connection))
                return {"uri": self.context.store_file(path, name), "size": size}


def _database(url: str) -> str:
    if not url.startswith(_URL):
        raise TaskFailed(f"The url '{url}' is none of DuckDB: write {_URL}/path/to/file.duckdb.")
    path = url.removeprefix(_URL).partition(";")[0].partition("?")[0]
    if path in ("", ":memory:", "memory:"):
        return ":memory:"
    if not Path(path).parent.is_dir():
        raise TaskFailed(f"The folder '{Path(path).parent}' of the database does not exist.")
    return path


def _returns_rows(statement: duckdb.Statement, connection: duckdb.DuckDBPyConnection) -> bool:
    """A changing statement tells its count in a column of that name, unless it RETURNs rows."""
    import duckdb  # noqa: PLC0415 see above

    expected = statement.expected_result_type
    columns = [str(column[0]) for column in connection.description or ()]
    counts = duckdb.ExpectedResultType.CHANGED_ROWS in expected and columns == ["Count"]
    return duckdb.ExpectedResultType.QUERY_RESULT in expected and not counts


def _rows(connection: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Json]]:
    columns = [str(column[0]) for column in connection.description or ()]
    while rows := connection.fetchmany(_BATCH):
        for row in rows:
            yield {column: to_json(value) for column, value in zip(columns, row, strict=True)}


def _write(path: Path, rows: Iterator[dict[str, Json]]) -> int:
    size = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            size += 1
    return size


def to_json(value: object) -> Json:
    """A database value as JSON: times in ISO 8601, decimals as numbers, bytes in Base64."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case bytes() | bytearray() | memoryview():
            return base64.b64encode(bytes(value)).decode()
        case dict():
            return {str(key): to_json(item) for key, item in value.items()}
        case list() | tuple() | set():
            return [to_json(item) for item in value]
        case UUID():
            return str(value)
        case _:
            return str(value)
