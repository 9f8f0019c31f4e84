"""Real servers, the real terraform binary and real sockets for the acceptance rows."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from penstock_provider.install import configuration, install
from penstock_provider.terraform import find_terraform

READY = re.compile(r"penstock ready at (http://\S+)")
PATIENCE = 30.0


def quiet_port() -> int:
    """For a server whose port must be known before it starts, or after it has died.

    Connections are given none of these, and each worker of a test run has a thousand of its own.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 20_000 + 1_000 * (worker % 10)
    for port in random.sample(range(first, first + 1_000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("there is no free port")


@dataclass
class Server:
    """A `penstock server` process; `api` is an authenticated client of its main tenant."""

    data: Path
    url: str
    token: str
    process: subprocess.Popen[str]
    log: Path
    api: httpx.Client = field(repr=False)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)

    def stop(self) -> None:
        self.api.close()
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def put_flow(self, source: str) -> httpx.Response:
        namespace = re.search(r"^namespace: *(\S+)", source, re.MULTILINE)
        flow_id = re.search(r"^id: *(\S+)", source, re.MULTILINE)
        assert namespace, source
        assert flow_id, source
        answer = self.api.put(
            f"/flows/{namespace[1]}/{flow_id[1]}",
            content=source,
            headers={"content-type": "application/yaml"},
        )
        assert answer.status_code in {200, 201}, answer.text
        return answer

    def run(self, namespace: str, flow_id: str, **inputs: object) -> dict:
        """Starts an execution and waits for its end through the event stream."""
        answer = self.api.post(
            "/executions", json={"namespace": namespace, "flowId": flow_id, "inputs": inputs}
        )
        assert answer.status_code == 201, answer.text
        return self.wait(answer.json()["id"])

    def wait(self, execution_id: str) -> dict:
        with self.api.stream(
            "GET", f"/executions/{execution_id}/follow", timeout=PATIENCE
        ) as stream:
            for line in stream.iter_lines():
                if line.startswith("event: end"):
                    break
        return self.api.get(f"/executions/{execution_id}").json()


def start_server(data: Path, *, port: int = 0, **environment: str) -> Server:
    data.mkdir(parents=True, exist_ok=True)
    log = data.parent / f"{data.name}.server.log"
    with log.open("a") as errors:
        process = subprocess.Popen(
            [
                str(Path(sys.executable).parent / "penstock"),
                "server",
                "--port",
                str(port),
                "--data",
                str(data),
            ],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, **environment},
        )
    assert process.stdout is not None
    for line in process.stdout:
        if ready := READY.search(line):
            url = ready[1]
            break
    else:
        raise AssertionError(f"the server did not start: {log.read_text()}")
    token = (data / "admin-token").read_text().strip()
    api = httpx.Client(
        base_url=f"{url}/api/v1/tenants/main",
        headers={"authorization": f"Bearer {token}"},
        timeout=PATIENCE,
    )
    return Server(data, url, token, process, log, api)


@pytest.fixture
def new_server(tmp_path: Path) -> Generator[Callable[..., Server]]:
    """Makes servers that end with the test."""
    servers: list[Server] = []

    def start(name: str = "server", **options: object) -> Server:
        servers.append(start_server(tmp_path / name, **options))  # type: ignore[arg-type] # as given
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def server(new_server: Callable[..., Server]) -> Server:
    return new_server()


@dataclass
class Terraform:
    """The real terraform binary in a folder of its own, with the provider installed offline."""

    folder: Path
    environment: dict[str, str]
    command: list[str]

    def write(self, configuration: dict) -> None:
        (self.folder / "main.tf.json").write_text(json.dumps(configuration))

    def run(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess:
        done = subprocess.run(
            [*self.command, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode in codes, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done

    def init(self) -> None:
        self.run("init", "-input=false", "-no-color")

    def apply(self, *arguments: str) -> subprocess.CompletedProcess:
        return self.run("apply", "-auto-approve", "-input=false", "-no-color", *arguments)

    def plan_code(self, *arguments: str) -> int:
        """0: nothing to do, 2: changes."""
        done = self.run(
            "plan", "-detailed-exitcode", "-input=false", "-no-color", *arguments, codes=(0, 2)
        )
        self.last = done
        return done.returncode

    def assert_nothing_to_do(self) -> None:
        assert self.plan_code() == 0, self.last.stdout

    @property
    def state(self) -> dict:
        return json.loads((self.folder / "terraform.tfstate").read_text())


@pytest.fixture(scope="session")
def provider_mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mirror")
    install(folder)
    (folder / "terraform.rc").write_text(configuration(folder))
    return folder


@pytest.fixture
def new_terraform(tmp_path: Path, provider_mirror: Path) -> Callable[..., Terraform]:
    def make(server: Server, name: str = "terraform", owner: str | None = None) -> Terraform:
        folder = tmp_path / name
        folder.mkdir()
        environment = {
            **os.environ,
            "TF_CLI_CONFIG_FILE": str(provider_mirror / "terraform.rc"),
            "PENSTOCK_ENDPOINT": server.url,
            "PENSTOCK_TOKEN": server.token,
            "PENSTOCK_PYTHON": sys.executable,
            "CHECKPOINT_DISABLE": "1",
        }
        if owner:
            environment["PENSTOCK_OWNER"] = owner
        return Terraform(folder, environment, list(find_terraform()))

    return make


@pytest.fixture
def terraform(server: Server, new_terraform: Callable[..., Terraform]) -> Terraform:
    return new_terraform(server)
