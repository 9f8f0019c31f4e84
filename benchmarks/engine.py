"""How fast a server is: executions over HTTP, long flows, wide flows, start-up, memory.

Starts ``penstock server`` on an empty SQLite database in a temporary folder, with the settings
that users get (`synchronous=FULL`), and loads it from this process over keep-alive connections.
Figures come from the rows that the server wrote and from the operating system, not from the
client's own clock, except where a line says so.

    python benchmarks/engine.py [--executions 1000] [--connections 16] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

TWO = """
id: two
namespace: bench
tasks:
  - {id: one, type: core.debug.Return, format: "{{ execution.id }}"}
  - {id: two, type: core.log.Log, message: "{{ outputs.one.value }}"}
"""
WORKERS = """
id: workers
namespace: bench
tasks:
  - {id: one, type: core.flow.Sleep, duration: PT0S}
  - {id: two, type: core.flow.Sleep, duration: PT0S}
"""
FORTY = "id: forty\nnamespace: bench\ntasks:\n" + "".join(
    f'  - {{id: t{number}, type: core.debug.Return, format: "{{{{ flow.id }}}} {number}"}}\n'
    for number in range(40)
)
FAN = """
id: fan
namespace: bench
tasks:
  - id: each
    type: core.flow.ForEach
    values: "{{ range(1, 1000) }}"
    concurrencyLimit: 0
    tasks:
      - {id: one, type: core.debug.Return, format: "{{ taskrun.value }}"}
"""
PATH = "/api/v1/tenants/main"
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Server:
    """A running server and what the operating system says about it."""

    process: subprocess.Popen[str]
    port: int
    token: str
    data: Path
    start_up: float

    def cpu(self) -> float:
        """Seconds of processor time so far."""
        return _seconds(Path(f"/proc/{self.process.pid}/stat"))

    def cpu_of_http(self) -> float:
        """Seconds of the main thread, which runs the event loop."""
        return _seconds(Path(f"/proc/{self.process.pid}/task/{self.process.pid}/stat"))

    def memory(self) -> float:
        """Resident megabytes."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * _PAGE / 1e6

    def request(self, method: str, path: str, body: bytes, kind: str = "application/json") -> bytes:
        """The bytes of a request."""
        head = (
            f"{method} {PATH}{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.token}\r\n"
            f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def ended(self, flow: str) -> bool:
        """Whether no execution of a flow is open."""
        query = "SELECT count(*) FROM execution WHERE flow_id = ? AND NOT is_over"
        return self.query(query, flow)[0][0] == 0

    def query(self, sql: str, *parameters: str) -> list[tuple]:
        """Rows of the server's database."""
        with sqlite3.connect(self.data / "penstock.db") as connection:
            return connection.execute(sql, parameters).fetchall()


def _seconds(stat: Path) -> float:
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


class Connection(asyncio.Protocol):
    """One keep-alive connection that sends the next request when it has the answer."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.buffer = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.load.send(self)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, separator, rest = self.buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(rest) < length:
            return
        self.buffer = b""
        self.load.answered(self, head, rest)


class Load:
    """Sends one request `count` times over some connections: each when the last was answered,
    or `rate` a second whatever the server does."""

    def __init__(self, request: bytes, count: int, rate: float | None = None) -> None:
        self.request = request
        self.count = count
        self.rate = rate
        self.sent: dict[str, float] = {}
        self.answers = 0
        self._begun = 0
        self._done = asyncio.Event()
        self._idle: list[Connection] = []
        self._at: dict[Connection, float] = {}

    async def run(self, port: int, connections: int) -> None:
        loop = asyncio.get_running_loop()
        made = [
            await loop.create_connection(lambda: Connection(self), "127.0.0.1", port)
            for _ in range(min(connections, self.count))
        ]
        if self.rate is not None:
            start = time.perf_counter()
            for number in range(self.count):
                await asyncio.sleep(max(0, start + number / self.rate - time.perf_counter()))
                if not self._idle:
                    raise SystemExit(f"the server cannot keep up with {self.rate} a second")
                self._send(self._idle.pop())
        await self._done.wait()
        for transport, _ in made:
            transport.close()

    def send(self, connection: Connection) -> None:
        if self.rate is not None:
            self._idle.append(connection)
        elif self._begun < self.count:
            self._send(connection)

    def _send(self, connection: Connection) -> None:
        self._begun += 1
        self._at[connection] = time.time()
        connection.transport.write(self.request)

    def answered(self, connection: Connection, head: bytes, body: bytes) -> None:
        if not head.startswith(b"HTTP/1.1 2"):
            raise SystemExit(f"the server answered {head!r} {body!r}")
        if body.startswith(b'{"id":"'):
            self.sent[body[7:29].decode()] = self._at[connection]
        self.answers += 1
        if self.answers == self.count:
            self._done.set()
        self.send(connection)


@contextmanager
def running() -> Iterator[Server]:
    """A fresh server; ended when the block ends."""
    with tempfile.TemporaryDirectory(prefix="penstock-bench-") as folder:
        data = Path(folder)
        command = [
            str(Path(sys.executable).with_name("penstock")),
            "server",
            "--port",
            "0",
            "--data",
            folder,
        ]
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            line = process.stdout.readline()
            start_up = time.perf_counter() - start
            port = int(line.split(" (")[0].rpartition(":")[2])
            token = (data / "admin-token").read_text().strip()
            yield Server(process, port, token, data, start_up)
        finally:
            process.terminate()
            process.wait(20)


def put(server: Server, source: str) -> None:
    """Declares a flow."""
    lines = dict(line.split(": ") for line in source.split("\n") if line[:2] in {"id", "na"})
    path = f"/flows/{lines['namespace']}/{lines['id']}"
    request = server.request("PUT", path, source.encode(), "application/yaml")
    asyncio.run(Load(request, 1).run(server.port, 1))


def execute(
    server: Server, flow: str, count: int, connections: int, rate: float | None = None
) -> dict[str, float]:
    """Executes a flow and measures; seconds, milliseconds, counts a second."""
    body = json.dumps({"namespace": "bench", "flowId": flow}).encode()
    load = Load(server.request("POST", "/executions", body), count, rate)
    cpu, http, begun = server.cpu(), server.cpu_of_http(), time.time()
    asyncio.run(load.run(server.port, connections))
    answered = time.time()
    while not server.ended(flow):
        time.sleep(0.02)
    cpu, http = server.cpu() - cpu, server.cpu_of_http() - http
    rows = server.query(
        "SELECT execution.id, execution.ended_at, min(task_run.started_at), count(*) "
        "FROM execution JOIN task_run ON task_run.execution_id = execution.id "
        "WHERE flow_id = ? GROUP BY execution.id",
        flow,
    )
    rows = [row for row in rows if row[0] in load.sent]
    if len(rows) != count:
        raise SystemExit(f"{count} executions were accepted, {len(rows)} are stored")
    last = max(answered, *(moment(row[1]) for row in rows))
    starts = sorted(1000 * (moment(row[2]) - load.sent[row[0]]) for row in rows)
    lasted = [moment(row[1]) - load.sent[row[0]] for row in rows]
    task_runs = sum(row[3] for row in rows)
    wall = last - begun
    return {
        "seconds": wall,
        "request to end ms": 1000 * statistics.median(lasted),
        "executions/s": count / wall,
        "task runs/s": task_runs / wall,
        "CPU µs/task run": 1e6 * cpu / task_runs,
        "CPU µs/execution": 1e6 * cpu / count,
        "of it HTTP": 1e6 * http / count,
        "start p50 ms": statistics.median(starts),
        "start p99 ms": starts[int(0.99 * (len(starts) - 1))],
    }


def moment(text: str) -> float:
    """Seconds since 1970."""
    return datetime.fromisoformat(text).astimezone(UTC).timestamp()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--executions", type=int, default=1000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    chosen = parser.parse_args()
    figures: dict[str, dict[str, float]] = {}
    with running() as server:
        time.sleep(2)
        figures["server"] = {"start-up s": server.start_up, "idle MB": server.memory()}
        for source in (TWO, WORKERS, FORTY, FAN):
            put(server, source)
        many, wide = chosen.executions, chosen.connections
        execute(server, "two", 50, wide)
        figures["2 tasks, flat out"] = execute(server, "two", many, wide)
        figures["2 tasks, 200 a second"] = execute(server, "two", many // 2, 128, rate=200)
        figures["2 tasks in worker threads"] = execute(server, "workers", many // 2, wide)
        execute(server, "forty", 1, 1)
        figures["40 tasks, one at a time"] = execute(server, "forty", 20, 1)
        execute(server, "fan", 1, 1)
        figures["fan-out of 1,000, one at a time"] = execute(server, "fan", 5, 1)
        figures["server"]["loaded MB"] = server.memory()
    if chosen.json:
        print(json.dumps(figures, indent=1, ensure_ascii=False))
        return
    for name, values in figures.items():
        print(f"{name}:")
        for label, value in values.items():
            print(f"    {label:18} {value:10,.2f}")


if __name__ == "__main__":
    main()
