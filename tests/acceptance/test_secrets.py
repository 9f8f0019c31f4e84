"""Secrets from a manager through the real Terraform into the server, and nowhere else."""

from __future__ import annotations

import base64
import importlib.util
import threading
import urllib.parse
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from .conftest import Server, Terraform
from .test_terraform import REQUIRED

STAND_IN = Path(__file__).parents[2] / "demo" / "secret_manager.py"
VALUES = ("kanarienvogel/5c1e+?1c0b", "nachtigall/77aa+?01de")
Rotate = Callable[[], None]
Manager = tuple[dict[str, str], dict[str, str], Rotate]


def forms(secret: str) -> list[bytes]:
    """A secret as it may stand in a file: plain, in JSON, in base64 at any offset, in a URL."""
    found = {secret, urllib.parse.quote(secret, safe=""), urllib.parse.quote(secret)}
    for offset in range(3):
        text = base64.b64encode(b"x" * offset + secret.encode()).decode()
        # Without what depends on the neighbours.
        found.add(text[4 if offset else 0 : -4])
        found.add(text[4 if offset else 0 : -4].replace("+", "-").replace("/", "_"))
    return [form.encode() for form in sorted(found)]


def assert_nowhere(secrets: tuple[str, ...], *folders: Path, also: tuple[str, ...] = ()) -> int:
    """No form of a secret is in any byte of any file, of any member of an archive, or in `also`."""
    seen = {f"output {number}": text.encode() for number, text in enumerate(also)}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                seen[str(path)] = path.read_bytes()
                if zipfile.is_zipfile(path):
                    with zipfile.ZipFile(path) as archive:
                        for name in archive.namelist():
                            seen[f"{path}!{name}"] = archive.read(name)
    for secret in secrets:
        for form in forms(secret):
            assert [name for name, data in seen.items() if form in data] == [], form
    return sum(map(len, seen.values()))


def test_the_search_finds_what_is_hidden(tmp_path: Path):
    secret = VALUES[0]
    hidden = [
        secret.encode(),
        urllib.parse.quote(secret, safe="").encode(),
        *(base64.b64encode(b"a" * n + secret.encode() + b"tail") for n in range(3)),
        base64.urlsafe_b64encode(secret.encode()),
    ]
    for number, data in enumerate(hidden):
        folder = tmp_path / str(number)
        folder.mkdir()
        with zipfile.ZipFile(folder / "saved", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("inside", b"x" * 100 + data)
        with pytest.raises(AssertionError):
            assert_nowhere((secret,), folder)
        assert_nowhere((VALUES[1],), folder)


@pytest.fixture
def gcp() -> Iterator[Manager]:
    spec = importlib.util.spec_from_file_location("stand_in", STAND_IN)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    held = [VALUES[0]]
    with module.SecretManager({"prod/api-key": held}, "google-token") as service:
        thread = threading.Thread(target=service.serve_forever, args=(0.02,))
        thread.start()
        environment = {
            "GOOGLE_OAUTH_ACCESS_TOKEN": "google-token",
            "PENSTOCK_GCP_SECRET_MANAGER_ENDPOINT": service.url,
        }
        asked = {"project": "prod", "secret": "api-key"}
        yield asked, environment, lambda: held.append(VALUES[1])
        service.shutdown()
        thread.join()


@pytest.fixture
def aws() -> Iterator[Manager]:
    service = ThreadedMotoServer("127.0.0.1", 0)
    service.start()
    host, port = service.get_host_and_port()
    keys = {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "aws/secret+access/key",
        "AWS_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": f"http://{host}:{port}",
    }
    client = boto3.client(
        "secretsmanager",
        endpoint_url=keys["AWS_ENDPOINT_URL_SECRETS_MANAGER"],
        region_name="eu-central-1",
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
    )
    client.create_secret(Name="prod/api-key", SecretString=VALUES[0])

    def rotate() -> None:
        client.put_secret_value(SecretId="prod/api-key", SecretString=VALUES[1])

    yield {"manager": "aws", "secret": "prod/api-key"}, keys, rotate
    client.close()
    service.stop()


@pytest.mark.parametrize("cloud", ["gcp", "aws"])
def test_D31_from_a_secret_manager_through_terraform_into_the_server(
    cloud: str, request: pytest.FixtureRequest, server: Server, terraform: Terraform
):
    asked, environment, rotate = request.getfixturevalue(cloud)
    terraform.environment |= environment
    terraform.write(
        {
            "terraform": REQUIRED,
            "ephemeral": {"penstock_secret_manager_value": {"it": asked}},
            "resource": {
                "penstock_secret": {
                    name: {
                        "namespace": "company.team",
                        "key": name,
                        "value_wo": value,
                    }
                    for name, value in {
                        "API_KEY": "${ephemeral.penstock_secret_manager_value.it.value}",
                        "OTHER": "another-one-that-stays",
                    }.items()
                }
            },
        }
    )
    terraform.init()
    secrets = (*VALUES, "aws/secret+access/key", "google-token")
    told: list[str] = []

    def plan(*arguments: str) -> int:
        code = terraform.plan_code("-out=saved.plan", *arguments)
        told.append(terraform.last.stdout + terraform.last.stderr)
        return code

    assert plan() == 2
    assert "2 to add" in terraform.last.stdout
    assert_nowhere(secrets, terraform.folder, also=tuple(told))
    told.append(terraform.run("apply", "-no-color", "saved.plan").stdout)
    first = server.api.get("/secrets/company.team/API_KEY").json()
    assert plan() == 0, terraform.last.stdout

    rotate()
    assert plan() == 2
    assert "0 to add, 1 to change, 0 to destroy" in terraform.last.stdout
    assert terraform.last.stdout.count("will be updated in-place") == 1
    assert "~ fingerprint" in terraform.last.stdout
    told.append(terraform.run("apply", "-no-color", "saved.plan").stdout)
    second = server.api.get("/secrets/company.team/API_KEY").json()
    assert second["fingerprint"] != first["fingerprint"]
    assert second["version"] == 2
    # The server has the very value: flows may read it, nobody else.
    items = [{"namespace": "company.team", "key": "API_KEY", "value": VALUES[1]}]
    answer = server.api.post("/secrets:compare", json={"items": items}).json()
    assert answer["items"][0]["equal"]
    assert plan() == 0, terraform.last.stdout
    told.append(terraform.run("show", "-json").stdout)
    told.append(terraform.run("show", "-json", "saved.plan").stdout)
    read = assert_nowhere(secrets, terraform.folder, server.data, also=tuple(told))
    assert read > 50_000
