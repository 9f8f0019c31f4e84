"""`penstock_secret` and `penstock_secret_manager_value`: the value reaches the server and nothing else."""

import base64
import json
import os
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from penstock_provider.secret_managers.gcp import crc32c

from .fake import fingerprint

CANARY = "kanarienvogel-7f3a9"


def block(value: str = CANARY, more: str = "") -> str:
    return (
        'resource "penstock_secret" "key" {\n  namespace = "a.b"\n  key = "API_KEY"\n'
        f'  value_wo = "{value}"\n  {more}\n}}\n'
    )


def test_life(terraform, fake):
    terraform.write(block(more='description = "for tests"'))
    terraform.plan(2)
    terraform.apply()
    there = fake.objects["secret/a.b/API_KEY"]
    assert there["fingerprint"] == fingerprint(CANARY)
    terraform.plan(0)

    terraform.write(block("changed", 'description = "for tests"'))
    out = terraform.plan(2)
    assert "fingerprint" in out
    assert "update in-place" in out
    terraform.apply()
    terraform.plan(0)
    assert terraform.state()["penstock_secret.key"]["version"] == 2

    fake.write(
        "secret",
        "a.b",
        "API_KEY",
        {"value": "behind the back", "description": "for tests"},
        "terraform:default",
    )
    assert "fingerprint" in terraform.plan(2)
    terraform.apply()
    assert fake.objects["secret/a.b/API_KEY"]["fingerprint"] == fingerprint("changed")
    terraform.plan(0)

    terraform.write(block("changed", 'value_wo_version = 2\n description = "else"'))
    terraform.apply()
    terraform.plan(0)
    del fake.objects["secret/a.b/API_KEY"]
    assert "1 to add" in terraform.plan(2)
    terraform.apply()
    terraform.write("")
    terraform.apply()
    assert fake.objects == {}


def test_import(terraform, fake):
    fake.write("secret", "a.b", "API_KEY", {"value": CANARY}, "terraform:default")
    terraform.write(block())
    terraform.run("import", "penstock_secret.key", "a.b/API_KEY")
    terraform.plan(0)


def test_comparing_without_permission_warns(terraform, fake, monkeypatch):
    from .fake import Refused

    terraform.write(block())
    terraform.apply()

    def refuse(_: dict) -> dict:
        raise Refused(403, "forbidden", "The token may not compare secrets.")

    monkeypatch.setattr(fake, "on_secrets_compare", refuse)
    assert "is not compared" in terraform.plan(0)


@pytest.fixture
def manager():
    """Google's Secret Manager, as far as it is used."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("Authorization")))
            data = CANARY.encode()
            payload = {"data": base64.b64encode(data).decode(), "dataCrc32c": str(crc32c(data))}
            known = "/secrets/api-key/" in self.path
            body = json.dumps({"name": "x", "payload": payload} if known else {}).encode()
            self.send_response(200 if known else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked = asked
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def ephemeral(manager: ThreadingHTTPServer, name: str = "api-key") -> str:
    return (
        'ephemeral "penstock_secret_manager_value" "v" {\n  project = "p1"\n'
        f'  secret = "{name}"\n  endpoint = "http://127.0.0.1:{manager.server_port}"\n}}\n'
    )


def test_crc32c():
    assert crc32c(b"123456789") == 0xE3069283


def test_no_byte_of_a_secret_is_kept(terraform, fake, manager, monkeypatch):
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "google-token")
    secret = block("VALUE").replace('"VALUE"', "ephemeral.penstock_secret_manager_value.v.value")
    terraform.write(ephemeral(manager) + secret)
    trace = terraform.directory / "trace.log"
    saved = terraform.directory / "saved.plan"
    tracing = {"TF_LOG": "TRACE", "TF_LOG_PATH": str(trace)}
    out = terraform.run("plan", "-no-color", f"-out={saved}", **tracing)
    out += terraform.run("apply", "-no-color", str(saved), **tracing)
    out += terraform.run("plan", "-no-color", "-detailed-exitcode", **tracing)
    assert fake.objects["secret/a.b/API_KEY"]["fingerprint"] == fingerprint(CANARY)
    assert manager.asked[0] == (
        "/v1/projects/p1/secrets/api-key/versions/latest:access",
        "Bearer google-token",
    )
    with zipfile.ZipFile(saved) as archive:
        members = [archive.read(name) for name in archive.namelist()]
    files = [
        path.read_bytes()
        for path in terraform.directory.rglob("*")
        if path.is_file() and os.access(path, os.R_OK)
    ]
    assert trace.stat().st_size > 10_000
    encoded = base64.b64encode(CANARY.encode())
    for data in [out.encode(), *members, *files]:
        assert CANARY.encode() not in data
        assert encoded not in data


def test_secret_manager_refusals_are_sentences(terraform, manager, monkeypatch):
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "google-token")
    terraform.write(ephemeral(manager, "none"))
    out = terraform.plan(1)
    assert "Cannot read secret p1/none/latest" in out
    assert "no such project, secret or version" in out
    terraform.write(ephemeral(manager).replace("project", 'manager = "vault"\n  project'))
    assert "means nothing to HashiCorp Vault" in terraform.run("validate", "-no-color", code=1)


def test_service_account(terraform, fake, manager, monkeypatch, tmp_path):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    asked = []

    def do_POST(self: BaseHTTPRequestHandler) -> None:
        asked.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        body = b'{"access_token": "from-jwt"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    monkeypatch.setattr(manager.RequestHandlerClass, "do_POST", do_POST, raising=False)
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path / "account.json"
    uri = f"http://127.0.0.1:{manager.server_port}/token"
    file.write_text(
        json.dumps({"client_email": "x@p1", "token_uri": uri, "private_key": key.decode()})
    )
    monkeypatch.delenv("GOOGLE_OAUTH_ACCESS_TOKEN", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    terraform.write(ephemeral(manager))
    terraform.plan(0)
    assert "jwt-bearer" in asked[0]
    assert manager.asked[-1][1] == "Bearer from-jwt"
