"""`kill -9` of the server at random moments: up to 500 executions over HTTP in ten rounds."""

import http.client
import json
import random
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from penstock.engine.check import check
from penstock.model.state import State

from .stand import TENANT, Stand

ROUNDS = 10
EXECUTIONS = 500
SUB = """
id: sub
namespace: a.b
tasks:
  - {id: nap, type: core.flow.Sleep, duration: PT0.002S}
  - {id: id, type: core.debug.Return, format: "{{ uuid() }}"}
outputs:
  - {id: id, type: STRING, value: "{{ outputs.id.value }}"}
"""
MAIN = """
id: main
namespace: a.b
tasks:
  - {id: one, type: core.debug.Return, format: "{{ uuid() }}"}
  - id: each
    type: core.flow.ForEach
    values: [a, b]
    concurrencyLimit: 2
    tasks:
      - {id: nap, type: core.flow.Sleep, duration: PT0.002S}
  - {id: call, type: core.flow.Subflow, namespace: a.b, flowId: sub}
  - {id: two, type: core.log.Log, message: "{{ outputs.one.value }} {{ outputs.call.outputs.id }}"}
"""


class Server:
    """``penstock server`` on a folder, and one client of it."""

    def __init__(self, folder: Path) -> None:
        penstock = Path(sys.executable).with_name("penstock")
        self.process = subprocess.Popen(
            [str(penstock), "server", "--port", "0", "--data", str(folder), "--workers", "4"],
            stdout=subprocess.PIPE,
            text=True,
        )
        ready = self.process.stdout.readline()
        assert ready.startswith("penstock ready at "), ready
        port = int(ready.split(" (")[0].rpartition(":")[2])
        token = (folder / "admin-token").read_text().strip()
        self.headers = {"Authorization": f"Bearer {token}"}
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def request(self, method: str, path: str, body: str, kind: str = "application/json") -> dict:
        headers = {**self.headers, "Content-Type": kind}
        self.connection.request(method, f"/api/v1/tenants/main{path}", body, headers)
        with self.connection.getresponse() as answer:
            content = answer.read()
            assert answer.status in {200, 201}, content
            return json.loads(content)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.connection.close()


@contextmanager
def serving(folder: Path):
    server = Server(folder)
    try:
        yield server
    finally:
        server.close()


def results(executions):
    """What was recorded for good: ended executions, and outputs of task runs that succeeded."""
    ended = {e.id: (e.state, e.outputs) for e in executions if e.state.is_terminated}
    return ended | {
        run.id: (run.state, run.outputs)
        for execution in executions
        for run in execution.task_runs.values()
        if run.state is State.SUCCESS
    }


def accepted_until_killed(folder: Path, number: int, moment: float) -> set[str]:
    """Ids that the server has answered before it was killed.

    That is after so many answers, at a moment of the request that follows: 0 is as it is sent,
    1 is when an answer to it took as long as those before it.
    """
    accepted: set[str] = set()
    body = json.dumps({"namespace": "a.b", "flowId": "main"})
    with serving(folder) as server:
        for flow, source in (("sub", SUB), ("main", MAIN)):
            server.request("PUT", f"/flows/a.b/{flow}", source, "application/yaml")
        started = time.monotonic()
        for _ in range(number):
            accepted.add(server.request("POST", "/executions", body)["id"])
        usual = (time.monotonic() - started) / number
        killer = threading.Timer(usual * moment, server.process.kill)
        killer.start()
        try:
            while killer.is_alive() or server.process.poll() is None:
                accepted.add(server.request("POST", "/executions", body)["id"])
        except (OSError, http.client.HTTPException):
            pass
        killer.join()
    return accepted


def test_every_accepted_execution_ends_and_no_recorded_result_is_lost(tmp_path):
    chance = random.Random(20261121)
    accepted: set[str] = set()
    wanted = 0
    recorded: dict[str, object] = {}
    for _ in range(ROUNDS):
        number = chance.randint(1, EXECUTIONS // ROUNDS)
        wanted += number
        accepted |= accepted_until_killed(tmp_path, number, chance.uniform(0, 3))
        dead = Stand(tmp_path)
        present = results(dead.all())
        dead.database.close()
        assert recorded.items() <= present.items(), "a recorded result was lost or changed"
        recorded = present

    last = Stand(tmp_path)
    last.executor.start()
    assert last.executor.join_idle(30), "an accepted execution does not end"
    ended = last.all()
    assert recorded.items() <= results(ended).items()
    assert len(accepted) >= wanted > EXECUTIONS // 4
    assert accepted <= {e.id for e in ended}
    assert {e.state for e in ended} == {State.SUCCESS}
    check_all(last, ended)
    last.close()


def check_all(stand: Stand, ended) -> None:
    """The invariants of each execution, one child for each parent, and histories without gaps."""
    flows = {}
    with stand.database.read() as tx:
        for execution in ended:
            key = execution.flow_id, execution.flow_revision
            if key not in flows:
                flows[key] = stand.flows.at(tx, TENANT, "a.b", *key).flow
            assert check(execution, flows[key]) == []
    mains = [e for e in ended if e.flow_id == "main"]
    children = [e for e in ended if e.flow_id == "sub"]
    assert sorted(e.parent_id for e in children) == sorted(e.id for e in mains)
    for execution in mains:
        assert len(stand.logs(execution.id)) == 1
        stand.events(execution.id)
