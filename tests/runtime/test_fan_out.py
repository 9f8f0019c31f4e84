"""Fan-out over many items with a limit, seen by the service that gets the jobs."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from .test_crash import Server, serving

ITEMS = [str(number) for number in range(12)]
FLOW = """
id: fan
namespace: a.b
tasks:
  - id: each
    type: core.flow.ForEach
    values: {items}
    concurrencyLimit: {limit}
    tasks:
      - id: sync
        type: core.http.Request
        uri: "http://127.0.0.1:{port}/{{{{ taskrun.value }}}}"
        allowFailure: {lenient}
outputs:
  - id: late
    type: JSON
    value: "{{{{ tasksWithState('WARNING') }}}}"
"""


class Jobs:
    """A service whose jobs end one by one, when the test says so."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.open = self.most = self.begun = self.ended = 0
        self.permits = 0
        self.fails: set[str] = set()
        jobs = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                jobs.enter()
                status = 500 if self.path.strip("/") in jobs.fails else 200
                try:
                    self.send_response(status)
                    self.send_header("content-length", "2")
                    self.end_headers()
                    self.wfile.write(b"{}")
                except OSError:
                    pass
                jobs.leave()

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def enter(self) -> None:
        with self.changed:
            self.open += 1
            self.begun += 1
            self.most = max(self.most, self.open)
            self.changed.notify_all()
            assert self.changed.wait_for(lambda: self.permits > 0, 60)
            self.permits -= 1

    def leave(self) -> None:
        with self.changed:
            self.open -= 1
            self.ended += 1
            self.changed.notify_all()

    def let(self, count: int) -> None:
        """Lets so many jobs end."""
        with self.changed:
            self.permits += count
            self.changed.notify_all()

    def until(self, *, open: int | None = None, ended: int | None = None) -> None:  # noqa: A002
        with self.changed:
            assert self.changed.wait_for(
                lambda: (
                    (open is None or self.open == open) and (ended is None or self.ended >= ended)
                ),
                30,
            ), (self.open, self.ended)


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    made = Jobs()
    yield made
    made.let(1000)
    made.server.shutdown()
    made.server.server_close()


def begin(server: Server, jobs: Jobs, *, limit: int, lenient: bool = False) -> str:
    source = FLOW.format(
        items=json.dumps(ITEMS), limit=limit, port=jobs.port, lenient=str(lenient).lower()
    )
    server.request("PUT", "/flows/a.b/fan", source, "application/yaml")
    body = json.dumps({"namespace": "a.b", "flowId": "fan"})
    return server.request("POST", "/executions", body)["id"]


def follow(server: Server, execution_id: str) -> dict:
    """The execution at its end."""
    path = f"/api/v1/tenants/main/executions/{execution_id}"
    server.connection.request("GET", f"{path}/follow", headers=server.headers)
    with server.connection.getresponse() as stream:
        stream.read()
    server.connection.request("GET", path, headers=server.headers)
    with server.connection.getresponse() as answer:
        return json.loads(answer.read())


def test_A18_at_most_the_limit_runs_at_once_also_after_a_kill_of_the_server(tmp_path, jobs: Jobs):
    with serving(tmp_path) as server:
        id_ = begin(server, jobs, limit=4)
        for done in range(3):
            jobs.until(open=4)
            jobs.let(1)
            jobs.until(ended=done + 1)
        jobs.until(open=4)
        server.process.kill()
        server.process.wait()
    jobs.let(4)
    jobs.until(open=0)
    ended = jobs.ended
    with serving(tmp_path) as server:
        jobs.until(open=4)
        left = 12 - (ended - 4)
        for done in range(left):
            jobs.until(open=min(4, left - done))
            jobs.let(1)
            jobs.until(ended=ended + done + 1)
        found = follow(server, id_)
    assert jobs.most == 4
    assert found["state"] == "SUCCESS"
    runs = [run for run in found["taskRuns"] if run["taskId"] == "sync"]
    assert sorted(run["value"] for run in runs) == sorted(ITEMS)
    assert {run["state"] for run in runs} == {"SUCCESS"}


def test_A19_one_failing_item_leaves_the_others_alone_and_is_named(tmp_path, jobs: Jobs):
    jobs.fails = {"7"}
    jobs.let(12)
    with serving(tmp_path) as server:
        found = follow(server, begin(server, jobs, limit=4, lenient=True))
    runs = {run["value"]: run for run in found["taskRuns"] if run["taskId"] == "sync"}
    assert found["state"] == "WARNING"
    assert [value for value, run in runs.items() if run["state"] == "SUCCESS"] == [
        value for value in ITEMS if value != "7"
    ]
    assert runs["7"]["state"] == "WARNING"
    assert "500" in runs["7"]["error"]["message"]
    assert "7" in [each.get("value") for each in found["outputs"]["late"]]


def test_A21_after_a_kill_is_acknowledged_no_job_is_requested(tmp_path, jobs: Jobs):
    with serving(tmp_path) as server:
        id_ = begin(server, jobs, limit=2)
        jobs.let(3)
        jobs.until(open=2, ended=3)
        assert jobs.begun == 5
        server.connection.request(
            "POST", f"/api/v1/tenants/main/executions/{id_}/kill", headers=server.headers
        )
        with server.connection.getresponse() as answer:
            assert answer.status == http.client.ACCEPTED
            answer.read()
        jobs.let(1000)
        found = follow(server, id_)
        jobs.until(open=0)
    assert found["state"] == "KILLED"
    assert jobs.begun == 5
    runs = [run for run in found["taskRuns"] if run["taskId"] == "sync"]
    # Two at a time: which of those that had begun ended first, nobody has promised.
    assert sorted(run["state"] for run in runs) == ["KILLED"] * 2 + ["SUCCESS"] * 3
