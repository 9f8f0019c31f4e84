"""Canary secrets through everything that a run and a crash may leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ..provider.workspace import companions  # noqa: TID252 (no name for `tests` at run time)
from .conftest import Server, Terraform
from .test_secrets import Manager, assert_nowhere, gcp  # noqa: F401 (a fixture)
from .test_terraform import REQUIRED

SECRET = "kanarienvogel/s3cret+?40b1"
CHANGED = "kanarienvogel/changed+?77aa"
TOKEN = "kanarienvogel-token+92f1c4/long-enough=="
FROM_MANAGER = "kanarienvogel/5c1e+?1c0b"
OWN = "kanarienvogel-own-token+0b7e2d/long-enough"
ALL = (SECRET, CHANGED, TOKEN, FROM_MANAGER, OWN)
COUNT, HALF = 100, 15


def configuration(many: int = 0) -> dict:
    """One secret of each origin, and `many` more to be in the middle of."""
    own = {"namespace": "company.team"}
    return {
        "terraform": REQUIRED,
        "variable": {
            name: {"type": "string", "ephemeral": True, "sensitive": True}
            for name in ("secret", "token")
        },
        "ephemeral": {
            "penstock_secret_manager_value": {"it": {"project": "prod", "secret": "api-key"}}
        },
        "resource": {
            "penstock_secret": {
                "given": {**own, "key": "GIVEN", "value_wo": "${var.secret}"},
                "managed": {
                    **own,
                    "key": "MANAGED",
                    "value_wo": "${ephemeral.penstock_secret_manager_value.it.value}",
                },
                "many": {
                    **own,
                    "for_each": f'${{toset([for n in range({many}) : "N${{n}}"])}}',
                    "key": "${each.key}",
                    "value_wo": "${var.secret}-${each.key}",
                },
            },
            "penstock_token": {"it": {"name": "ci", "value_wo": "${var.token}"}},
        },
    }


@pytest.fixture
def run(
    server: Server,
    new_terraform: Callable[..., Terraform],
    gcp: Manager,  # noqa: F811 (the fixture)
    tmp_path: Path,
) -> Terraform:
    """A Terraform whose every secret is a canary, with temporary files of its own."""
    made = server.api.put("/tokens/own", json={"value": OWN})
    assert made.status_code == 201, made.text
    found = new_terraform(server)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    found.environment |= {
        **gcp[1],
        "PENSTOCK_TOKEN": OWN,
        "TF_VAR_secret": SECRET,
        "TF_VAR_token": TOKEN,
        "TMPDIR": str(temporary),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "TF_LOG": "TRACE",
        "TF_LOG_PATH": str(tmp_path / "trace.log"),
    }
    return found


def test_no_canary_is_left_by_a_whole_life(run: Terraform, server: Server, tmp_path: Path):
    run.write(configuration())
    run.init()
    told = [run.run("validate", "-no-color").stdout]
    for _ in range(2):
        plan = run.run("plan", "-no-color", "-out=saved.plan")
        told += [plan.stdout, plan.stderr, run.run("show", "-json", "saved.plan").stdout]
        told.append(run.run("apply", "-no-color", "saved.plan").stdout)
        # Changed, so that there is a backup of the state, too.
        run.environment["TF_VAR_secret"] = CHANGED
    run.run("plan", "-no-color", "-refresh-only")
    refused = server.api.put("/tokens/ci", json={"value": TOKEN, "acess": "read"})
    assert refused.status_code == 422
    told.append(refused.text)
    told += [run.run("state", "pull").stdout, run.run("providers", "schema", "-json").stdout]
    pages = ("/audit-events?limit=1000", "/secrets", "/tokens", "/state", f"{server.url}/metrics")
    told += [server.api.get(path).text for path in pages]
    assert (run.folder / "terraform.tfstate.backup").exists()
    assert "penstock" in (tmp_path / "trace.log").read_text()
    items = [
        {"namespace": "company.team", "key": key, "value": value}
        for key, value in (("GIVEN", CHANGED), ("MANAGED", FROM_MANAGER))
    ]
    answer = server.api.post("/secrets:compare", json={"items": items}).json()
    assert [each["equal"] for each in answer["items"]] == [True, True], "they have arrived"
    run.run("destroy", "-auto-approve", "-no-color")
    assert_nowhere(ALL, tmp_path, also=tuple(told))


DUMPING = ["bash", "-c", 'ulimit -c "$(ulimit -Hc)"; exec "$@"', "bash"]
"""Lets a command leave its memory behind when it crashes, as far as the machine allows."""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGABRT])
def test_no_canary_is_left_by_a_provider_that_is_killed(
    end: signal.Signals, run: Terraform, server: Server, tmp_path: Path
):
    run.write(configuration(COUNT))
    run.init()
    told = ""
    with subprocess.Popen(
        [*DUMPING, *run.command, "apply", "-auto-approve", "-input=false", "-no-color"],
        cwd=run.folder,
        env=run.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        pipesize=4096,  # what is unread holds Terraform up: it cannot be at its end already
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            told += line
            if line.count("Creation complete") and told.count("Creation complete") == HALF:
                for pid in companions(process.pid):
                    os.kill(pid, end)
    assert process.returncode == 1, told
    there = server.api.get("/secrets", params={"limit": 1000}).json()["items"]
    assert HALF - 2 <= len(there) < COUNT + 2
    # A program that says nothing against it leaves its memory behind, where the machine lets it.
    control = tmp_path.parent / f"{tmp_path.name}-control"
    control.mkdir()
    abort = [sys.executable, "-c", "import os; os.abort()"]
    subprocess.run([*DUMPING, *abort], cwd=control, check=False)
    cores = [path.name for path in run.folder.rglob("core*")]
    assert cores == [], f"the machine writes them: {[*control.iterdir()]}"
    assert_nowhere(ALL, tmp_path, also=(told,))
    run.apply()
    run.assert_nothing_to_do()
