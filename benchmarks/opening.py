"""How long it takes to open a large execution over HTTP.

Starts a server as `engine.py` does, runs one execution of 10,000 task runs in it, and reads that
execution, its first page of task runs, its last one, and why it ended, again and again.

    python benchmarks/opening.py [--task-runs 10000] [--rounds 50]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
import urllib.request

from engine import PATH, Server, running

FLOW = """
id: wide
namespace: bench
tasks:
  - id: each
    type: core.flow.ForEach
    values: "{{{{ range(1, {count}) }}}}"
    concurrencyLimit: 0
    tasks:
      - {{id: one, type: core.debug.Return, format: "{{{{ taskrun.value }}}}"}}
"""


def call(server: Server, method: str, path: str, body: bytes | None = None, kind: str = "") -> dict:
    """The JSON of an answer."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}{PATH}{path}", data=body, method=method
    )
    request.add_header("Authorization", f"Bearer {server.token}")
    request.add_header("Content-Type", kind or "application/json")
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--task-runs", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=50)
    arguments = parser.parse_args()
    count = arguments.task_runs - 1
    with running() as server:
        flow = FLOW.format(count=count).encode()
        call(server, "PUT", "/flows/bench/wide", flow, "application/yaml")
        wanted = json.dumps({"namespace": "bench", "flowId": "wide"}).encode()
        id_ = call(server, "POST", "/executions", wanted)["id"]
        while not server.ended("wide"):
            time.sleep(0.1)
        found = call(server, "GET", f"/executions/{id_}")
        assert found["taskRunCount"] == arguments.task_runs, found["taskRunCount"]
        last = call(server, "GET", f"/executions/{id_}/task-runs?limit=1000")
        while last["nextCursor"] is not None:
            cursor = last["nextCursor"]
            last = call(server, "GET", f"/executions/{id_}/task-runs?limit=1000&cursor={cursor}")
        for name, path in (
            ("the execution with its first task runs", ""),
            ("first page of 100 task runs", "/task-runs?limit=100"),
            ("last page of 1,000 task runs", f"/task-runs?limit=1000&cursor={cursor}"),
            ("why", "/why"),
        ):
            times, cpu = [], server.cpu()
            for _ in range(arguments.rounds):
                started = time.perf_counter()
                call(server, "GET", f"/executions/{id_}{path}")
                times.append((time.perf_counter() - started) * 1000)
            times.sort()
            median, most = statistics.median(times), times[int(len(times) * 0.95)]
            cpu = (server.cpu() - cpu) / arguments.rounds * 1000
            print(f"{name}: median {median:.1f} ms, p95 {most:.1f} ms, CPU {cpu:.1f} ms")


if __name__ == "__main__":
    main()
