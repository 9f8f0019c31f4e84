"""A provider that dies in the middle of an apply: the next apply converges, nothing is doubled."""

import os
import signal
import subprocess

from penstock_provider.install import configuration, install

from ..provider.workspace import companions  # noqa: TID252 (no name for `tests` at run time)

COUNT = 120


def test_killed_provider_converges(terraform, server, namespace):
    mirror = terraform.directory / "mirror"
    install(mirror)
    (terraform.directory / "cli.tfrc").write_text(configuration(mirror))
    del terraform.environment["TF_REATTACH_PROVIDERS"]
    terraform.write(
        f'locals {{\n  flows = {{ for n in range({COUNT}) : "f${{n}}" => "id: f${{n}}\\nnamespace: {namespace}\\n'
        'tasks:\\n  - id: a\\n    type: core.log.Log\\n    message: x\\n" }\n}\n'
        'resource "penstock_flow" "many" {\n  for_each = local.flows\n  source = each.value\n}\n'
    )
    terraform.run("init")
    with subprocess.Popen(
        [
            *terraform.command,
            f"-chdir={terraform.directory}",
            "apply",
            "-auto-approve",
            "-no-color",
        ],
        env=terraform.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        told = ""
        for line in process.stdout:  # Terraform's own progress says when the apply is half way
            told += line
            if told.count("Creation complete") == 30:
                for pid in companions(process.pid):
                    os.kill(pid, signal.SIGKILL)
    assert process.returncode == 1, told
    there = server.get(f"/flows?namespace={namespace}&limit=1000")["items"]
    assert 30 <= len(there) < COUNT
    terraform.apply()
    terraform.plan(0)
    there = server.get(f"/flows?namespace={namespace}&limit=1000")["items"]
    assert len(there) == COUNT
    assert {flow["revision"] for flow in there} == {1}
