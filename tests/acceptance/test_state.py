"""An environment whose Terraform state a Penstock server keeps: `penstock env` from nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Server

ENVIRONMENT = """\
server: {endpoint: "%(url)s"}
backend:
  http:
    address: %(url)s/api/v1/tenants/main/terraform-state/dev
    lock_address: %(url)s/api/v1/tenants/main/terraform-state/dev
    unlock_address: %(url)s/api/v1/tenants/main/terraform-state/dev
namespaces:
  shop: {description: The shop}
"""
FLOW = "id: hello\nnamespace: shop\ntasks:\n  - {id: say, type: core.log.Log, message: Hello}\n"


@pytest.fixture
def penstock(
    tmp_path: Path, new_server: Callable[..., Server], provider_mirror: Path
) -> Callable[..., subprocess.CompletedProcess]:
    """`penstock …` in a project with one flow and one environment."""
    server = new_server(PENSTOCK_TERRAFORM_STATE="on")
    root = tmp_path / "project"
    flow = root / "cdktf-app/flows/shop/hello.yaml"
    settings = root / "environments/dev/environment.yaml"
    for path, text in ((flow, FLOW), (settings, ENVIRONMENT % {"url": server.url})):
        path.parent.mkdir(parents=True)
        path.write_text(text)
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    for arguments in (("init", "-q"), ("add", "."), (*identity, "commit", "-qm", "Begin")):
        subprocess.run(["git", *arguments], cwd=root, check=True)
    environment = {
        **os.environ,
        "TF_CLI_CONFIG_FILE": str(provider_mirror / "terraform.rc"),
        "TF_HTTP_USERNAME": "terraform",
        "TF_HTTP_PASSWORD": server.token,
        "PENSTOCK_TOKEN": server.token,
        "PENSTOCK_URL": server.url,
        "PENSTOCK_CDK": "none",
        "CHECKPOINT_DISABLE": "1",
    }

    def run(*arguments: str, code: int = 0) -> subprocess.CompletedProcess:
        done = subprocess.run(
            [Path(sys.executable).parent / "penstock", *arguments],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return run


def test_an_environment_keeps_its_state_on_a_server(penstock):
    penstock("env", "plan", "dev", code=2)
    penstock("env", "apply", "dev")
    listed = penstock("terraform-state", "list").stdout
    assert "dev" in listed
    assert "token:admin" in listed
    # The build output is gone, and with it all that is not on the server.
    penstock("env", "plan", "dev")
    assert "hello" in penstock("terraform-state", "get", "dev").stdout
