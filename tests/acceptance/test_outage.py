"""A server that dies in the middle of an apply and comes back: the same apply goes on."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

from .conftest import Server, Terraform, quiet_port, start_server
from .test_terraform import REQUIRED

COUNT, HALF = 200, 60


def test_a_server_that_is_killed_and_started_again_under_an_apply(
    new_server: Callable[..., Server], new_terraform: Callable[..., Terraform]
):
    port = quiet_port()
    server = new_server(port=port)
    terraform = new_terraform(server)
    terraform.environment["PENSTOCK_MAX_RETRIES"] = "12"
    text = "id: ${each.key}\nnamespace: company.team\ntasks:\n  - id: a\n    type: core.log.Log\n    message: x\n"
    terraform.write(
        {
            "terraform": REQUIRED,
            "resource": {
                "penstock_flow": {
                    "many": {
                        "for_each": f'${{toset([for n in range({COUNT}) : "n${{n}}"])}}',
                        "source": text,
                    }
                }
            },
        }
    )
    terraform.init()
    told, again = "", None
    with subprocess.Popen(
        [*terraform.command, "apply", "-auto-approve", "-input=false", "-no-color"],
        cwd=terraform.folder,
        env=terraform.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        pipesize=4096,  # what is unread holds Terraform up: it cannot be at its end already
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            told += line
            if again is None and told.count("Creation complete") == HALF:
                server.kill()
                again = start_server(server.data, port=port)
    assert again is not None, told
    try:
        assert process.returncode == 0, told
        terraform.assert_nothing_to_do()
        found = again.api.get("/flows", params={"limit": 1000}).json()["items"]
        assert len(found) == COUNT
        assert {flow["revision"] for flow in found} == {1}, "what was sent twice is there once"
        events = again.api.get("/audit-events", params={"limit": 1000}).json()["items"]
        created = [each["object"] for each in events if each["action"] == "flow.create"]
        assert len(created) == len(set(created)) == COUNT
    finally:
        again.stop()
