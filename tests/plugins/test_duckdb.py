from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from penstock.plugins.jdbc.duckdb import _session
from penstock.plugins.jdbc.duckdb.query import Query
from penstock.sdk.task import Outputs, TaskFailed

Run = Callable[..., Outputs]
QUERY, QUERIES = "jdbc.duckdb.Query", "jdbc.duckdb.Queries"


def test_fetch_types(run: Run, context) -> None:
    sql = "SELECT i FROM range(3) AS t(i)"
    rows = [{"i": 0}, {"i": 1}, {"i": 2}]
    assert run(QUERY, sql=sql) == {}
    assert run(QUERY, sql=sql, fetchType="FETCH") == {"rows": rows, "size": 3}
    assert run(QUERY, sql=sql, fetchType="FETCH_ONE") == {"row": {"i": 0}, "size": 1}
    stored = run("io.kestra.plugin.jdbc.duckdb.Query", sql=sql, fetchType="STORE")
    assert stored["size"] == 3
    assert context.text(stored["uri"]) == '{"i": 0}\n{"i": 1}\n{"i": 2}\n'


@pytest.mark.parametrize(("old", "key"), [("fetch", "rows"), ("fetchOne", "row"), ("store", "uri")])
def test_old_spellings(run: Run, old: str, key: str) -> None:
    assert key in run(QUERY, sql="SELECT 1 AS a", **{old: True})


def test_no_row(run: Run) -> None:
    sql = "SELECT 1 AS a WHERE false"
    assert run(QUERY, sql=sql, fetchType="FETCH_ONE") == {"row": None, "size": 0}
    assert run(QUERY, sql=sql, fetchType="FETCH") == {"rows": [], "size": 0}


def test_values_become_json(run: Run) -> None:
    sql = """SELECT 1.50::DECIMAL(9,2) AS d, 2.00::DECIMAL(9,2) AS w, DATE '2026-01-02' AS day,
      TIMESTAMP '2026-01-02 03:04:05' AS ts, 'x'::BLOB AS b, [1, NULL] AS l, {'k': 1.5} AS s,
      'nan'::DOUBLE AS n, INTERVAL 90 SECOND AS i, true AS t, NULL AS z, map {'a': 1} AS m,
      'c0ffee00-0000-0000-0000-000000000000'::UUID AS u"""
    row = run(QUERY, sql=sql, fetchType="FETCH_ONE")["row"]
    assert row == {
        "d": 1.5,
        "w": 2,
        "day": "2026-01-02",
        "ts": "2026-01-02T03:04:05",
        "b": "eA==",
        "l": [1, None],
        "s": {"k": 1.5},
        "n": None,
        "i": 90.0,
        "t": True,
        "z": None,
        "m": {"a": 1},
        "u": "c0ffee00-0000-0000-0000-000000000000",
    }


def test_input_files_and_parameters(run: Run) -> None:
    outputs = run(
        QUERY,
        inputFiles={"a.csv": "n\n1\n5\n"},
        sql="SELECT sum(n)::INT AS s FROM read_csv('a.csv') WHERE n > $least",
        parameters={"least": 2, "unused": 1},
        fetchType="FETCH_ONE",
    )
    assert outputs["row"] == {"s": 5}


def test_queries_give_an_output_for_each_that_returns_rows(run: Run, tmp_path: Path) -> None:
    url = f"jdbc:duckdb:{tmp_path / 'a.duckdb'}"
    outputs = run(
        QUERIES,
        url=url,
        fetchType="FETCH",
        sql="""CREATE TABLE t AS SELECT 1 AS i; INSERT INTO t VALUES (2);
        SELECT count(*) AS n FROM t; INSERT INTO t VALUES (3) RETURNING i; UPDATE t SET i = 0;""",
    )
    assert outputs["outputs"] == [
        {"rows": [{"n": 2}], "size": 1},
        {"rows": [{"i": 3}], "size": 1},
    ]
    assert run(QUERY, url=url, sql="FROM t", fetchType="FETCH")["size"] == 3


def test_queries_hold_all_together_or_not_at_all(run: Run, tmp_path: Path) -> None:
    url = f"jdbc:duckdb:{tmp_path / 'a.duckdb'}"
    wrong = "CREATE TABLE {0} (i INT); INSERT INTO {0} VALUES ('x');"
    with pytest.raises(TaskFailed, match="DuckDB: Conversion Error"):
        run(QUERIES, url=url, sql=wrong.format("kept_not"))
    with pytest.raises(TaskFailed):
        run(QUERIES, url=url, sql=wrong.format("kept"), transaction=False)
    names = run(
        QUERY, url=url, sql="SELECT table_name AS n FROM duckdb_tables()", fetchType="FETCH"
    )
    assert names["rows"] == [{"n": "kept"}]


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"sql": "SELEC 1"}, "DuckDB: Parser Error"),
        ({"sql": "FROM nowhere"}, "nowhere"),
        ({"sql": "SELECT 1", "url": "jdbc:postgresql://x"}, "none of DuckDB"),
        ({"sql": "SELECT 1", "url": "jdbc:duckdb:/no/such/folder/x.duckdb"}, "does not exist"),
    ],
)
def test_failures_are_sentences(run: Run, properties: dict[str, str], said: str) -> None:
    with pytest.raises(TaskFailed, match=said):
        run(QUERY, **properties)


def test_fetch_is_bounded(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_session, "MAX_FETCHED_ROWS", 10)
    with pytest.raises(TaskFailed, match="use fetchType STORE"):
        run(QUERY, sql="FROM range(11)", fetchType="FETCH")


def test_cancel_interrupts(context, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()
    monkeypatch.setattr(_session.Session, "_open", _telling(begun))
    task = Query.model_validate(
        {
            "id": "q",
            "type": QUERY,
            "sql": "SELECT count(*) FROM range(1000000000000) WHERE hash(range) = 1",
        }
    )
    failed: list[TaskFailed] = []

    def work() -> None:
        try:
            task.run(context)
        except TaskFailed as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(30)
    context.cancel()
    thread.join(30)
    assert not thread.is_alive()
    assert "interrupted" in failed[0].message


def _telling(begun: threading.Event) -> Callable[[_session.Session], duckdb.DuckDBPyConnection]:
    original = _session.Session._open

    def opened(session: _session.Session) -> duckdb.DuckDBPyConnection:
        begun.set()
        return original(session)

    return opened
