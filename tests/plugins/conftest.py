from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO

import pytest

from penstock import registry
from penstock.errors import NotFound
from penstock.model.frozen import Json
from penstock.model.key_value import KvType
from penstock.model.task import LogLevel
from penstock.sdk.context import KeyValues, RunContext
from penstock.sdk.task import Outputs, Result, RunnableTask
from penstock.storage.local import LocalStorage


@dataclass
class Pairs(KeyValues):
    """Key-value pairs in memory."""

    values: dict[tuple[str, str], Json] = field(default_factory=dict)
    ttls: list[str | None] = field(default_factory=list)
    kinds: list[KvType | None] = field(default_factory=list)

    def read(self, key: str, namespace: str | None = None) -> Json:
        found = self.values.get((namespace or "shop", key), self)
        if found is self:
            raise NotFound(f"There is no key '{key}'.")
        return found

    def write(
        self,
        key: str,
        value: Json,
        *,
        namespace: str | None = None,
        overwrite: bool = True,
        ttl: str | None = None,
        description: str | None = None,
        kind: KvType | None = None,
    ) -> None:
        self.kinds.append(kind)
        assert overwrite or (namespace or "shop", key) not in self.values
        assert description != ""
        self.values[namespace or "shop", key] = value
        self.ttls.append(ttl)


@dataclass
class Stored:
    """All files of the storage, without a check of who may read them."""

    storage: LocalStorage
    tenant: str

    def open(self, uri: str) -> BinaryIO:
        return self.storage.open(self.tenant, uri)

    def size(self, uri: str) -> int:
        return self.storage.size(self.tenant, uri)

    def exists(self, uri: str) -> bool:
        return self.storage.exists(self.tenant, uri)

    def delete(self, uri: str) -> bool:
        return self.storage.delete(self.tenant, uri)

    def purge(self) -> list[str]:
        found = [each.uri for each in self.storage.files(self.tenant)]
        self.storage.delete_below(self.tenant, "shop")
        return found


@dataclass
class RecordingContext(RunContext):
    """A context that remembers what a task said; files go to a real storage."""

    folder: Path
    lines: list[tuple[LogLevel, str]] = field(default_factory=list)
    metrics: list[tuple[str, float, str, dict[str, str]]] = field(default_factory=list)
    said: threading.Event = field(default_factory=threading.Event)
    stops: list[Callable[[], None]] = field(default_factory=list)
    cancelled: bool = False
    secret: str = "cAnArY"
    pairs: Pairs = field(default_factory=Pairs)

    tenant = "main"
    namespace = "shop"
    flow_id = "flow"
    execution_id = "x1"
    task_run_id = "t1"
    attempt = 1

    @property
    def working_directory(self) -> Path:
        path = self.folder / "work"
        path.mkdir(exist_ok=True)
        return path

    @property
    def output_directory(self) -> Path:
        path = self.working_directory / ".outputs"
        path.mkdir(exist_ok=True)
        return path

    @property
    def storage(self) -> LocalStorage:
        return LocalStorage(self.folder / "storage")

    @property
    def files(self) -> Stored:
        return Stored(self.storage, self.tenant)

    @property
    def key_values(self) -> Pairs:
        return self.pairs

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def wait(self, seconds: float, woken: threading.Event) -> bool:
        return woken.wait(seconds)

    def log(self, message: str, level: LogLevel = LogLevel.INFO) -> None:
        self.lines.append((level, message))
        self.said.set()

    def mask(self, text: str) -> str:
        return text.replace(self.secret, "******")

    def seal(self, text: str) -> Json:
        return {"sealed": text[::-1]}

    @property
    def cache_directory(self) -> Path:
        path = self.folder / "cache"
        path.mkdir(exist_ok=True)
        return path

    def metric(
        self, name: str, value: float, *, kind: str = "counter", tags: Mapping[str, str] = {}
    ) -> None:
        self.metrics.append((name, value, kind, dict(tags)))

    def render(self, value: Json, extra: Mapping[str, Json] = {}) -> Json:  # noqa: ARG002 no expressions here
        return value

    def store_file(self, path: Path, name: str | None = None) -> str:
        return self.storage.put(self.tenant, f"shop/{name or path.name}", path)

    def fetch_file(self, uri: str, target: Path) -> Path:
        with self.storage.open(self.tenant, uri) as file:
            target.write_bytes(file.read())
        return target

    @property
    def is_cancelled(self) -> bool:
        return self.cancelled

    def on_cancel(self, stop: Callable[[], None]) -> None:
        self.stops.append(stop)

    def cancel(self) -> None:
        self.cancelled = True
        for stop in self.stops:
            stop()

    def text(self, uri: Json) -> str:
        with self.storage.open(self.tenant, str(uri)) as file:
            return file.read().decode()


@pytest.fixture
def context(tmp_path: Path) -> RecordingContext:
    return RecordingContext(tmp_path)


@pytest.fixture
def run(context: RecordingContext) -> Callable[..., Outputs]:
    def call(type_name: str, **properties: Json) -> Outputs:
        kind = registry.load_task(type_name)
        assert kind is not None, type_name
        task = kind.model_validate({"id": "t", "type": type_name, **properties})
        assert isinstance(task, RunnableTask)
        result = task.run(context)
        assert not isinstance(result, Result)
        return result or {}

    return call


@dataclass
class Service:
    """A real HTTP service on loopback; `answers` says what each path gives."""

    url: str
    seen: list[dict[str, Json]]
    answers: dict[str, tuple[int, dict[str, str], bytes]]
    hold: threading.Event
    arrived: threading.Event
    server: ThreadingHTTPServer


@pytest.fixture
def service() -> Iterator[Service]:
    seen: list[dict[str, Json]] = []
    answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
    hold, arrived = threading.Event(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(size).decode(errors="replace")
            seen.append(
                {
                    "method": self.command,
                    "path": self.path,
                    "headers": {k.lower(): v for k, v in self.headers.items()},
                    "body": body,
                }
            )
            arrived.set()
            path = self.path.partition("?")[0]
            if path == "/hang":
                hold.wait(60)
                return
            if path == "/stream":
                # A stream that goes on until somebody lets it end.
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                self.wfile.write(answers["/stream"][2])
                self.wfile.flush()
                hold.wait(60)
                return
            code, headers, content = answers.get(
                path, (200, {"Content-Type": "application/json"}, json.dumps({"ok": 1}).encode())
            )
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 the library's names

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield Service(f"http://127.0.0.1:{server.server_port}", seen, answers, hold, arrived, server)
    hold.set()
    server.shutdown()
    server.server_close()
    thread.join()
