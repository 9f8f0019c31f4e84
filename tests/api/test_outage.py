"""A database that cannot write is said so, and nothing is half done."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import Connection, event

FLOW = "id: f\nnamespace: {}\ntasks:\n  - id: a\n    type: core.log.Log\n    message: a\n"


@contextmanager
def without_writes(server) -> Generator[None]:
    """As on a full disk: each statement that writes fails."""
    engine = server.application.database.engine

    def refuse(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA query_only=ON")

    event.listen(engine, "begin", refuse)
    try:
        yield
    finally:
        event.remove(engine, "begin", refuse)
        engine.dispose()


def test_writers_hear_that_the_database_takes_no_writes(server, ns):
    server.put_flow(FLOW.format(ns))
    started = {"namespace": ns, "flowId": "f"}
    with without_writes(server):
        answers = [
            server.put_flow(FLOW.format(ns) + "description: other\n"),
            server.api.put(f"/namespaces/{ns}", json={}),
            server.api.post("/tokens", json={"name": "t"}),
            server.api.post("/executions", json=started),
        ]
        assert server.api.get(f"/flows/{ns}/f").json()["revision"] == 1
    for answer in answers:
        assert answer.status_code == 503, answer.text
        assert answer.json()["code"] == "unavailable"
        assert "attempt to write a readonly database" in answer.json()["detail"]
        assert "INSERT" not in answer.text
    assert server.run(ns, "f")["state"] == "SUCCESS"
    assert server.put_flow(FLOW.format(ns) + "description: other\n").json()["revision"] == 2
