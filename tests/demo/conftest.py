from __future__ import annotations

import importlib.util
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
import yaml

DATA_TOKEN, CHAT_TOKEN = "canary-data-7d1f0a", "canary-chat-93be44"
REPOSITORY = Path(__file__).resolve().parents[2]


def load(name: str) -> ModuleType:
    """A module of the demo folder, which is no package."""
    path = REPOSITORY / "demo" / f"{name}.py"
    known = f"demo_{name.replace('/', '_')}"
    if known in sys.modules:
        return sys.modules[known]
    spec = importlib.util.spec_from_file_location(known, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[known] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def generate() -> ModuleType:
    return load("data/generate")


@pytest.fixture(scope="session")
def secret_manager() -> ModuleType:
    return load("secret_manager")


@pytest.fixture(scope="session")
def receiver() -> ModuleType:
    return load("receiver")


@dataclass
class Shop:
    """A real server process and the world around it: a data export and a chat channel."""

    api: httpx.Client
    world: str
    folder: Path

    def put(self, source: str) -> dict[str, Any]:
        """Declares a flow; gives back its read form."""
        flow = yaml.safe_load(source)
        answer = self.api.put(
            f"/flows/{flow['namespace']}/{flow['id']}",
            content=source.encode(),
            headers={"Content-Type": "application/yaml"},
        )
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def run(self, namespace: str, flow_id: str, **inputs: object) -> dict[str, Any]:
        """Starts an execution and follows it to its end."""
        wanted = {"namespace": namespace, "flowId": flow_id, "inputs": inputs}
        answer = self.api.post("/executions", json=wanted)
        assert answer.status_code == 201, answer.text
        path = f"/executions/{answer.json()['id']}"
        with self.api.stream("GET", f"{path}/follow") as stream:
            for line in stream.iter_lines():
                if line == "event: end":
                    break
        return self.api.get(path).json()

    def put_pipeline(self) -> None:
        """Declares the flows of the repository."""
        for path in sorted((REPOSITORY / "cdktf-app/flows").rglob("*.yaml")):
            self.put(path.read_text())

    def messages(self) -> list[Any]:
        """What the channel has received."""
        return [kept["message"] for kept in httpx.get(f"{self.world}/messages").json()]


@contextmanager
def serving(folder: Path) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """A real server process on a free port, and an administrator's client of it."""
    program = Path(sys.executable).parent / "penstock"
    with (
        (folder / "server.log").open("wb") as log,
        subprocess.Popen(
            [program, "server", "--port", "0", "--data", folder / "data"],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as server,
    ):
        assert server.stdout is not None
        ready = server.stdout.readline().split()
        token = (folder / "data" / "admin-token").read_text().strip()
        with httpx.Client(
            base_url=f"{ready[3]}/api/v1/tenants/main",
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
        ) as api:
            yield server, api
        server.terminate()


@pytest.fixture(scope="session")
def shop(receiver: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    with receiver.Receiver(
        REPOSITORY / "demo/data",
        folder / "messages.jsonl",
        data_token=DATA_TOKEN,
        chat_token=CHAT_TOKEN,
    ) as world:
        thread = threading.Thread(target=world.serve_forever, args=(0.02,))
        thread.start()
        with serving(folder) as (_, api):
            made = Shop(api, world.url, folder)
            _declare(made, world.url)
            yield made
        world.shutdown()
        thread.join()


def _declare(shop: Shop, world: str) -> None:
    """The namespaces and secrets that the environments declare for the pipeline."""
    variables: dict[str, object] = {
        "data_url": f"{world}/data",
        "notify_url": f"{world}/test",
        "warehouse": "warehouse.duckdb",
        "minimum_rows": 500,
    }
    for namespace in ("shop.analytics", "shop.shared", "company.team"):
        body = {"variables": variables}
        if namespace == "shop.shared":
            body["allowedNamespaces"] = ["shop.analytics", "company.team"]
        answer = shop.api.put(f"/namespaces/{namespace}", json=body)
        assert answer.status_code == 201, answer.text
    for path, value in (
        ("shop.analytics/WAREHOUSE_TOKEN", DATA_TOKEN),
        ("shop.shared/NOTIFY_TOKEN", CHAT_TOKEN),
        ("company.team/NOTIFY_TOKEN", CHAT_TOKEN),
    ):
        answer = shop.api.put(f"/secrets/{path}", json={"value": value})
        assert answer.status_code == 201, answer.text


@pytest.fixture(scope="session")
def proof() -> ModuleType:
    return load("proof")


@pytest.fixture
def own_server(
    tmp_path: Path,
) -> AbstractContextManager[tuple[subprocess.Popen[str], httpx.Client]]:
    return serving(tmp_path)
