"""A real server in a thread, one per test module; each test has a namespace of its own."""

from __future__ import annotations

import itertools
import signal
import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import settings as hypothesis_settings

from penstock.main import Application, serve
from penstock.settings import Settings

collect_ignore = ["flowtests"]
"""Tests of flows, broken ones among them, that other tests hand to the plugin for pytest."""

hypothesis_settings.load_profile("ci")
"""The same examples in every run, and no clock: how long one takes is the machine's affair."""

# What a shell starts in the background ignores Ctrl-C, and so would all that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

PATIENCE = 30.0
_names = itertools.count(1)


@dataclass
class Served:
    """A server on a free port; `api` is authenticated in its main tenant."""

    url: str
    data: Path
    token: str
    application: Application
    api: httpx.Client = field(repr=False)

    def put_flow(self, source: str, **headers: str) -> httpx.Response:
        fields = dict(
            line.split(": ", 1) for line in source.splitlines() if line[:2] in ("id", "na")
        )
        return self.api.put(
            f"/flows/{fields['namespace']}/{fields['id']}",
            content=source.encode(),
            headers={"content-type": "application/yaml", **headers},
        )

    def run(self, namespace: str, flow_id: str, **inputs: Any) -> dict[str, Any]:
        body = {"namespace": namespace, "flowId": flow_id, "inputs": inputs}
        answer = self.api.post("/executions", json=body)
        assert answer.status_code == 201, answer.text
        return self.wait(answer.json()["id"])

    def wait(self, execution_id: str) -> dict[str, Any]:
        with self.api.stream(
            "GET", f"/executions/{execution_id}/follow", timeout=PATIENCE
        ) as stream:
            for line in stream.iter_lines():
                if line == "event: end":
                    break
        return self.api.get(f"/executions/{execution_id}").json()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    data = tmp_path_factory.mktemp("data")
    settings = Settings(data=data, port=0, shutdown_seconds=0.5, workers=4, max_set_body=1_300_000)
    ready, stop = threading.Event(), threading.Event()
    found: list[tuple[Application, str]] = []
    failures: list[BaseException] = []

    def on_ready(application: Application, url: str) -> None:
        found.append((application, url))
        ready.set()

    def run() -> None:
        try:
            serve(settings, on_ready, stop)
        except BaseException as error:
            failures.append(error)
            ready.set()
            raise

    thread = threading.Thread(target=run, name="server")
    thread.start()
    assert ready.wait(PATIENCE)
    assert not failures
    application, url = found[0]
    token = application.admin_token.read_text().strip()
    api = httpx.Client(
        base_url=f"{url}/api/v1/tenants/main",
        headers={"authorization": f"Bearer {token}"},
        trust_env=False,
        timeout=PATIENCE,
    )
    with api:
        yield Served(url, data, token, application, api)
    stop.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()


@pytest.fixture
def ns() -> str:
    """A namespace that no other test uses."""
    return f"test.n{next(_names)}"
