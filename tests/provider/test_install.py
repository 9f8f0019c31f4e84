"""After `penstock provider install`, `vendor` or `mirror` plain `terraform init` works, offline."""

from __future__ import annotations

import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from penstock_provider import install as provider
from penstock_provider.install import ADDRESSES, PLATFORMS, CannotInstallError, platform_name
from penstock_provider.package import PROGRAM

from .fake import TOKEN
from .workspace import Terraform

PENSTOCK = Path(sys.executable).parent / "penstock"
NAMESPACE = 'resource "penstock_namespace" "a" { namespace = "a.b" }\n'
VERSION = "~> 0.1"


class Home:
    """A user with a home of their own, and a working directory."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder / "home"
        self.folder.mkdir()
        self.work = folder / "work"
        self.work.mkdir()
        self.terraform = Terraform(self.work, url, TOKEN, {})
        self.terraform.environment |= {"HOME": str(self.folder)}
        for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "TF_DATA_DIR"):
            self.terraform.environment.pop(name, None)
        self.terraform.write(NAMESPACE)
        main = self.work / "main.tf"
        wanted = f'source = "penstock/penstock", version = "{VERSION}"'
        main.write_text(main.read_text().replace('source = "penstock/penstock"', wanted))

    def penstock(self, *arguments: str, code: int = 0, **environment: str) -> str:
        done = subprocess.run(
            [PENSTOCK, *arguments],
            cwd=self.work,
            env={**self.terraform.environment, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout or done.stderr

    def provide(self, *arguments: str, **environment: str) -> dict:
        return json.loads(self.penstock("provider", *arguments, "--output", "json", **environment))

    @property
    def lock(self) -> str:
        return (self.work / ".terraform.lock.hcl").read_text()

    def configure(self, text: str) -> None:
        (self.work / "cli.tfrc").write_text(text)


@pytest.fixture
def home(tmp_path, fake) -> Home:
    return Home(tmp_path, fake.url)


def names(root: Path) -> dict[str, int]:
    """Files below a folder, with the numbers of their inodes."""
    return {
        str(path.relative_to(root)): path.stat().st_ino
        for path in root.rglob("*")
        if path.is_file()
    }


def works(home: Home, installed: dict) -> None:
    """Init, a plan, and a lock file with one checksum."""
    assert "Installed penstock/penstock v0.1.0" in home.terraform.run("init", "-no-color")
    assert re.findall(r'"(h1:\S+)"', home.lock) == [installed["checksum"]]
    home.terraform.plan(2)


def test_install_for_the_user(home):
    installed = home.provide("install")
    root = home.folder / ".terraform.d" / "plugins"
    assert installed["folders"] == [str(root)]
    assert Path(installed["program"]).parent.name == platform_name()
    found = names(root)
    places = {*PLATFORMS, platform_name()}
    assert set(found) == {f"{a}/0.1.0/{name}/{PROGRAM}" for a in ADDRESSES for name in places}
    assert len(set(found.values())) == 1, "one file under many names"
    works(home, installed)

    before = Path(installed["program"]).stat().st_mtime_ns
    assert home.provide("install") == installed
    assert names(root) == found
    assert Path(installed["program"]).stat().st_mtime_ns == before


def test_one_checksum_is_valid_for_all_platforms(home):
    works(home, home.provide("install"))
    before = home.lock
    mirror = home.folder / ".terraform.d" / "plugins"
    wanted = [f"-platform={name}" for name in PLATFORMS]
    home.terraform.run("providers", "lock", f"-fs-mirror={mirror}", *wanted)
    assert home.lock == before


def test_a_changed_byte_is_refused(home):
    installed = home.provide("install")
    works(home, installed)
    program = Path(installed["program"])
    changed = bytearray(program.read_bytes())
    changed[-1] ^= 1
    program.write_bytes(changed)
    refused = home.terraform.run("plan", "-no-color", code=1)
    assert "does not match any of the checksums" in refused
    assert "checksums" in home.terraform.run("init", "-no-color", code=1)
    assert home.provide("install") == installed, "installed anew, it is as it was"
    home.terraform.plan(2)


def test_vendor_into_a_repository(home, tmp_path):
    installed = home.provide("vendor")
    root = home.work / "terraform.d" / "plugins"
    assert Path(installed["program"]).is_relative_to("terraform.d/plugins")
    works(home, installed)
    # As a runner elsewhere has it: a checkout, another user, nothing of this one.
    copy = tmp_path / "checkout"
    shutil.copytree(root, copy / "terraform.d" / "plugins")
    for name in ("main.tf", ".terraform.lock.hcl", "cli.tfrc"):
        shutil.copy(home.work / name, copy)
    shutil.rmtree(home.work)
    home.terraform.environment["TF_CLI_CONFIG_FILE"] = str(copy / "cli.tfrc")
    home.terraform.environment["TF_DATA_DIR"] = str(copy / ".terraform")
    home.terraform.directory = copy
    assert "Reusing previous version" in home.terraform.run("init", "-no-color")
    home.terraform.plan(2)


@pytest.fixture
def website(tmp_path):
    """Serves a folder over HTTPS, with a certificate of its own."""
    import time

    from penstock_provider.framework import p256

    _, certificate, key = p256.self_signed(time.time())
    (tmp_path / "key.pem").write_text(key)
    (tmp_path / "certificate.pem").write_text(certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    asked: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_args: object) -> None:
            asked.append(self.path)

    folder = tmp_path / "site"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield folder, f"https://localhost:{server.server_port}/", tmp_path / "certificate.pem", asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_network_mirror_on_any_web_server(home, website):
    folder, url, certificate, asked = website
    installed = home.provide("mirror", str(folder))
    home.configure(f'provider_installation {{\n  network_mirror {{\n    url = "{url}"\n  }}\n}}\n')
    home.terraform.environment["SSL_CERT_FILE"] = str(certificate)
    works(home, installed)
    assert f"/{ADDRESSES[0]}/index.json" in asked
    assert any(path.endswith(f"{platform_name()}.zip") for path in asked)


def test_the_same_folder_is_a_filesystem_mirror(home):
    folder = home.folder / "mirror"
    installed = home.provide("mirror", str(folder))
    home.configure(installed["configuration"])
    works(home, installed)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    assert home.provide("mirror", str(folder)) == installed
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()} == before


def test_a_mirror_keeps_other_versions(home):
    folder = home.folder / "mirror"
    index = folder / ADDRESSES[1] / "index.json"
    index.parent.mkdir(parents=True)
    index.write_text('{"versions": {"0.0.9": {}}}')
    home.provide("mirror", str(folder))
    assert json.loads(index.read_text()) == {"versions": {"0.0.9": {}, "0.1.0": {}}}


def test_dir_prints_the_configuration_that_names_it(home):
    folder = home.folder / "else where"
    installed = home.provide("install", "--dir", str(folder))
    home.configure(installed["configuration"])
    works(home, installed)
    said = home.penstock("provider", "install", "--dir", str(folder))
    assert installed["configuration"] in said
    assert "TF_CLI_CONFIG_FILE" in said


def test_opentofu_finds_it_in_its_own_folders(home):
    data = home.folder / "data"
    installed = home.provide("install", XDG_DATA_HOME=str(data))
    tofu = data / "opentofu" / "plugins"
    assert installed["folders"] == [str(home.folder / ".terraform.d" / "plugins"), str(tofu)]
    program = tofu / "registry.opentofu.org/penstock/penstock/0.1.0" / platform_name() / PROGRAM
    assert program.read_bytes() == Path(installed["program"]).read_bytes()
    assert os.access(program, os.X_OK)


def test_without_permission_it_says_where(home):
    (home.folder / "file").write_text("not a folder")
    for arguments in (("install", "--dir"), ("vendor",), ("mirror",)):
        target = str(home.folder / "file" / "below")
        said = home.penstock("provider", *arguments, target, code=1)
        assert f"Cannot write {home.folder}/file/below/" in said
        assert "Choose a folder in which you may write" in said


def test_without_hard_links_it_is_copied(monkeypatch, tmp_path):
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    program = provider.install(tmp_path)
    found = names(tmp_path)
    assert len(set(found.values())) == len(found) > 4
    for name in found:
        assert (tmp_path / name).read_bytes() == program.read_bytes()
        assert os.access(tmp_path / name, os.X_OK)


def test_a_launcher_of_an_older_release_gives_way(home):
    program = Path(home.provide("install")["program"])
    program.unlink()
    program.write_text("#!/bin/sh\nexec /old/python -I -m penstock_provider\n")
    program.chmod(0o644)
    installed = home.provide("install")
    works(home, installed)
    assert len(set(names(Path(installed["folders"][0])).values())) <= 2


def test_windows_is_not_in_this_release(monkeypatch, tmp_path):
    monkeypatch.setattr("platform.system", lambda: "Windows")
    with pytest.raises(CannotInstallError, match="no provider for Windows"):
        provider.install(tmp_path)
    assert not list(tmp_path.iterdir())


def test_another_machine_is_added_to_the_usual_ones(monkeypatch, tmp_path):
    monkeypatch.setattr("platform.system", lambda: "FreeBSD")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    program = provider.install(tmp_path)
    assert program.parent.name == "freebsd_amd64"
    assert {path.name for path in program.parents[1].iterdir()} == {*PLATFORMS, "freebsd_amd64"}
