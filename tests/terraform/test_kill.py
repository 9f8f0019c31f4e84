"""Whoever dies in the middle of an apply: the next apply converges, nothing is doubled."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest

from penstock_provider.install import configuration, install

from ..provider.workspace import companions  # noqa: TID252 (no name for `tests` at run time)

COUNTS = {"flow": 90, "secret": 40, "kv": 40, "file": 20, "token": 10}
COUNT = sum(COUNTS.values())
HALF = 60
PAGE = 4096
"""What of its output nobody has read holds Terraform up, so that it cannot be far ahead of us: one
such page in the pipe and one in our hands are no 80 objects, with the ten that are on their way."""


def many(namespace: str, word: str = "x") -> str:
    """Two hundred objects of five kinds, each a resource of its own."""
    prefix = namespace.replace(".", "-")
    bodies = {
        "flow": f'source = "id: ${{each.key}}\\nnamespace: {namespace}\\ntasks:\\n  - id: a\\n'
        f'    type: core.log.Log\\n    message: {word}\\n"',
        "secret": f'namespace = "{namespace}"\n  key = each.key\n  value_wo = "{word} ${{each.key}}"',
        "kv": f'namespace = "{namespace}"\n  key = each.key\n  value = "{word}"',
        "file": f'namespace = "{namespace}"\n  path = each.key\n  content = "{word}"',
        "token": f'name = "{prefix}-${{each.key}}"\n'
        f'  value_wo = "{prefix}-${{each.key}}-{word}-that-is-long-enough"',
    }
    return "".join(
        f'resource "penstock_{kind}" "many" {{\n'
        f'  for_each = toset([for n in range({COUNTS[kind]}) : "n${{n}}"])\n  {body}\n}}\n'
        for kind, body in bodies.items()
    )


def there(server, namespace: str) -> dict[str, int]:
    """Every object of the namespace that the server has, with its revision."""
    found = {}
    for path in ("flows", "secrets", "kv", "files"):
        for each in server.get(f"/{path}?namespace={namespace}&limit=1000")["items"]:
            name = each.get("key") or each.get("path") or each.get("id")
            found[f"{path}/{name}"] = each["revision"]
    prefix = namespace.replace(".", "-")
    for each in server.get("/tokens?limit=1000")["items"]:
        if each["name"].startswith(f"{prefix}-"):
            found[f"tokens/{each['name']}"] = each["revision"]
    return found


@pytest.fixture
def installed(terraform):
    """Terraform starts the provider itself, as in every day's use."""
    mirror = terraform.directory / "mirror"
    install(mirror)
    (terraform.directory / "cli.tfrc").write_text(configuration(mirror))
    del terraform.environment["TF_REATTACH_PROVIDERS"]
    return terraform


@contextlib.contextmanager
def applying(terraform) -> Iterator[tuple[subprocess.Popen, Callable[[str, int], str]]]:
    """An apply that is under way, and what reads its output until a word has come so often."""
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
        pipesize=PAGE,
    ) as process:
        told = ""

        def until(word: str, times: int) -> str:
            nonlocal told
            for line in process.stdout:  # Terraform's own progress says how far it is
                told += line
                if told.count(word) == times:
                    break
            return told

        yield process, until


def test_a_killed_provider_converges(installed, server, namespace):
    installed.write(many(namespace))
    installed.run("init")
    with applying(installed) as (process, until):
        until("Creation complete", HALF)
        for pid in companions(process.pid):
            os.kill(pid, signal.SIGKILL)
        told = until("never", 1)
    assert process.returncode == 1, told
    assert HALF <= len(there(server, namespace)) < COUNT
    installed.apply()
    installed.plan(0)
    found = there(server, namespace)
    assert len(found) == COUNT
    assert set(found.values()) == {1}, "what was there already was not written again"


def test_a_provider_that_is_killed_while_it_changes_things_converges(installed, server, namespace):
    installed.write(many(namespace))
    installed.run("init")
    installed.apply()
    installed.write(many(namespace, "y"))
    with applying(installed) as (process, until):
        until("Modifications complete", HALF)
        for pid in companions(process.pid):
            os.kill(pid, signal.SIGKILL)
        until("never", 1)
    assert process.returncode == 1
    between = there(server, namespace)
    assert set(between.values()) == {1, 2}
    installed.apply()
    installed.plan(0)
    found = there(server, namespace)
    assert len(found) == COUNT
    assert set(found.values()) == {2}, "each was changed once"


def test_an_interrupted_apply_leaves_state_and_server_in_agreement(installed, server, namespace):
    installed.write(many(namespace))
    installed.run("init")
    with applying(installed) as (process, until):
        until("Creation complete", HALF)
        # As the terminal does on Ctrl-C: all processes of the group.
        os.killpg(process.pid, signal.SIGINT)
        told = until("never", 1)
    assert process.returncode == 1, told
    assert "Traceback" not in told
    found = there(server, namespace)
    assert HALF <= len(found) < COUNT
    assert len(installed.state()) == len(found), "no orphan on either side"
    installed.apply()
    installed.plan(0)
    found = there(server, namespace)
    assert (len(found), set(found.values())) == (COUNT, {1})
