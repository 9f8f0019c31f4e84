"""Secret managers over real sockets: moto for AWS, stand-ins for the others, libraries as oracles."""

from __future__ import annotations

import base64
import json
import re
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer

from penstock_provider.framework.diagnostics import Failure
from penstock_provider.secret_managers import aws, aws_credentials, azure, gcp, sigv4, vault
from penstock_provider.secret_managers.asked import Asked

CANARY = "kanarienvogel-9e02f6"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret/key+of=mine"}


def pem(key) -> str:
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, plain).decode()


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(65537, 2048)


@settings(max_examples=50)
@given(
    body=st.binary(max_size=50),
    session=st.sampled_from(["", "a/session+token=="]),
    path=st.sampled_from(["", "/", "/a b/ü~c"]),
    value=st.text("abc  XYZ/.-_", max_size=20),
)
def test_signatures_are_those_of_botocore(body, session, path, value):
    now = datetime.now(UTC)
    url = f"https://secretsmanager.eu-central-1.amazonaws.com{path}"
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": value}
    request = AWSRequest("POST", url, data=body, headers=headers)
    request.context["timestamp"] = now.strftime("%Y%m%dT%H%M%SZ")
    keys = BotoCredentials("AKID", "secret", session or None)
    signer = SigV4Auth(keys, "secretsmanager", "eu-central-1")
    request.headers["X-Amz-Date"] = request.context["timestamp"]
    if session:
        request.headers["X-Amz-Security-Token"] = session
    text = signer.string_to_sign(request, signer.canonical_request(request))
    ours = sigv4.signed(
        url,
        headers,
        body,
        credentials=sigv4.Credentials("AKID", "secret", session),
        region="eu-central-1",
        service="secretsmanager",
        now=now,
    )
    assert ours["Authorization"].endswith(f"Signature={signer.signature(text, request)}")
    assert "secret" not in repr(sigv4.Credentials("AKID", "secret", "session"))


@pytest.fixture(scope="module")
def moto():
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def manager(moto):
    client = boto3.client(
        "secretsmanager",
        endpoint_url=moto,
        region_name="eu-central-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
    )
    made = client.create_secret(Name="team/api-key", SecretString=CANARY)
    client.create_secret(Name="bytes", SecretBinary=b"\xff\xfe")
    client.create_secret(Name="text", SecretBinary=CANARY.encode())
    client.put_secret_value(SecretId="team/api-key", SecretString=f"{CANARY}-2")
    yield {"arn": made["ARN"], "first": made["VersionId"]}
    client.close()


def refused(module, asked, environment) -> str:
    with pytest.raises(Failure) as caught:
        module.read(asked, environment)
    (said,) = caught.value.diagnostics
    text = f"{said.summary}: {said.detail}"
    for secret in (
        CANARY,
        KEYS["AWS_SECRET_ACCESS_KEY"],
        "hvs.1",
        "client-secret-1",
        "PRIVATE KEY",
    ):
        assert secret not in text
    return text


def test_aws_reads_names_arns_versions_and_stages(moto, manager):
    environment = {**KEYS, "AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL_SECRETS_MANAGER": moto}
    for asked, value in (
        (Asked("team/api-key"), f"{CANARY}-2"),
        (Asked("team/api-key", version="AWSPREVIOUS"), CANARY),
        (Asked("team/api-key", version=manager["first"]), CANARY),
        (Asked("text"), CANARY),
    ):
        assert aws.read(asked, environment) == value
    # The ARN says in which region it is.
    asked = Asked(manager["arn"], endpoint=moto)
    assert aws.read(asked, {**KEYS, "AWS_REGION": "us-east-1"}) == f"{CANARY}-2"


def test_aws_refusals_are_sentences(moto, manager):
    environment = {**KEYS, "AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": moto}
    said = refused(aws, Asked("none"), environment)
    assert said.startswith("Cannot read secret none: The service answered 4")
    assert "no such secret or version" in said
    assert "no UTF-8" in refused(aws, Asked("bytes"), environment)
    assert "AWS_REGION" in refused(aws, Asked("none"), KEYS)
    off = {"AWS_REGION": "eu-central-1", "AWS_EC2_METADATA_DISABLED": "true"}
    assert "AWS_ACCESS_KEY_ID" in refused(aws, Asked("none"), off)
    gone = {**KEYS, "AWS_REGION": "eu-central-1"}
    said = refused(aws, Asked("none", endpoint="http://127.0.0.1:1"), gone)
    assert "gave no usable answer" in said


class StandIn(ThreadingHTTPServer):
    """Answers by path, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, tuple[int, str]] = {}
        self.asked: list[tuple[str, str, dict[str, str], str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: StandIn

    def log_message(self, *_: object) -> None:
        return

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append((self.command, self.path, headers, body))
        status, text = self.server.answers.get(self.path, (404, "{}"))
        self.send_response(status)
        if status == 302:
            self.send_header("Location", text)
        data = text.encode()
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def do_PUT(self) -> None:
        self.answer()


@pytest.fixture
def service():
    server = StandIn()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_aws_credentials_of_a_web_identity(moto, manager, tmp_path):
    file = tmp_path / "token"
    file.write_text("header.claims.signature\n")
    environment = {
        "AWS_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL": moto,
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(file),
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/deploys",
    }
    found = aws_credentials.find(environment, "eu-central-1", "read it")
    assert found.access.startswith("ASIA")
    assert found.session
    assert aws.read(Asked("team/api-key"), environment) == f"{CANARY}-2"
    environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = str(tmp_path / "none")
    assert "cannot be read (FileNotFoundError)" in refused(aws, Asked("x"), environment)


def test_aws_credentials_of_a_container_and_of_a_machine(service, tmp_path):
    told = json.dumps({"AccessKeyId": "A", "SecretAccessKey": "S", "Token": "T"})
    service.answers["/role"] = (200, told)
    (tmp_path / "token").write_text("Bearer it")
    environment = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{service.url}/role",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token"),
    }
    expected = sigv4.Credentials("A", "S", "T")
    assert aws_credentials.find(environment, "eu-west-1", "x") == expected
    assert service.asked[-1][2]["authorization"] == "Bearer it"
    far = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/role", "AWS_REGION": "x"}
    assert "must be https" in refused(aws, Asked("s"), far)

    roles = "/latest/meta-data/iam/security-credentials/"
    service.answers |= {"/latest/api/token": (200, "session"), roles: (200, "my-role\n")}
    service.answers[f"{roles}my-role"] = (200, told)
    machine = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": service.url}
    assert aws_credentials.find(machine, "eu-west-1", "x") == expected
    assert [each[0] for each in service.asked[-3:]] == ["PUT", "GET", "GET"]
    assert service.asked[-1][2]["x-aws-ec2-metadata-token"] == "session"
    del service.answers[roles]
    assert "has no role" in refused(aws, Asked("s"), {**machine, "AWS_REGION": "x"})


def test_azure_by_a_client_a_federated_token_and_a_machine(service, tmp_path):
    token = json.dumps({"access_token": "azure-token"})
    service.answers["/directory/oauth2/v2.0/token"] = (200, token)
    address = "/secrets/api-key/?api-version=7.4"
    service.answers[address] = (200, json.dumps({"value": CANARY}))
    asked = Asked("api-key", vault="ours", endpoint=service.url)
    client = {
        "AZURE_TENANT_ID": "directory",
        "AZURE_CLIENT_ID": "app",
        "AZURE_CLIENT_SECRET": "client-secret-1",
        "AZURE_AUTHORITY_HOST": service.url,
    }
    assert azure.read(asked, client) == CANARY
    assert service.asked[-1][2]["authorization"] == "Bearer azure-token"
    assert "client_secret=client-secret-1" in service.asked[-2][3]
    (tmp_path / "token").write_text("federated-1")
    del client["AZURE_CLIENT_SECRET"]
    client["AZURE_FEDERATED_TOKEN_FILE"] = str(tmp_path / "token")
    assert azure.read(asked, client) == CANARY
    assert "client_assertion=federated-1" in service.asked[-2][3]
    path = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net"
    service.answers[path] = (200, token)
    machine = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": service.url}
    assert azure.read(asked, machine) == CANARY
    service.answers[address] = (403, json.dumps({"error": {"code": "Forbidden"}}))
    assert "answered 403 (Forbidden). The identity may not read" in refused(azure, asked, machine)
    assert "the vault's name" in refused(azure, Asked("s", vault="a/b"), machine)


def test_hashicorp_vault(service):
    data = json.dumps({"data": {"data": {"password": CANARY}}})
    service.answers["/v1/kv/data/team/db?version=2"] = (200, data)
    environment = {"VAULT_ADDR": service.url, "VAULT_TOKEN": "hvs.1", "VAULT_NAMESPACE": "ns"}
    asked = Asked("team/db", version="2", vault="kv")
    assert json.loads(vault.read(asked, environment)) == {"password": CANARY}
    headers = service.asked[-1][2]
    assert (headers["x-vault-token"], headers["x-vault-namespace"]) == ("hvs.1", "ns")
    assert "no such secret" in refused(vault, Asked("none"), environment)
    assert "is a number" in refused(vault, Asked("none", version="x"), environment)
    assert "VAULT_ADDR" in refused(vault, Asked("none"), {})


def test_credentials_do_not_follow_a_redirection(service):
    other = StandIn()
    service.answers["/v1/secret/data/s"] = (302, f"{other.url}/elsewhere")
    environment = {"VAULT_ADDR": service.url, "VAULT_TOKEN": "hvs.1"}
    assert "answered 302" in refused(vault, Asked("s"), environment)
    other.server_close()
    assert other.asked == []


def test_a_service_account_signs_with_its_key(service, key, tmp_path):
    service.answers["/token"] = (200, json.dumps({"access_token": "google-1"}))
    path = "/v1/projects/p/secrets/s/versions/latest:access"
    payload = {"data": base64.b64encode(CANARY.encode()).decode()}
    service.answers[path] = (200, json.dumps({"payload": payload}))
    file = tmp_path / "account.json"
    account = {"token_uri": f"{service.url}/token", "client_email": "x@p", "private_key": pem(key)}
    file.write_text(json.dumps(account))
    asked = Asked("s", project="p", endpoint=service.url)
    environment = {"GOOGLE_APPLICATION_CREDENTIALS": str(file)}
    assert gcp.read(asked, environment) == CANARY
    assertion = re.search(r"assertion=([^&]+)", service.asked[-2][3])[1]
    body, _, signature = assertion.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    key.public_key().verify(raw, body.encode(), padding.PKCS1v15(), hashes.SHA256())
    file.write_text(json.dumps({**account, "private_key": "x"}))
    assert "it is no private key in PEM" in refused(gcp, asked, environment)


def block(more: str) -> str:
    return f'ephemeral "penstock_secret_manager_value" "v" {{\n  secret = "s"\n  {more}\n}}\n'


def secret(namespace: str = "a.b") -> str:
    return (
        f'resource "penstock_secret" "key" {{\n  namespace = "{namespace}"\n  key = "K"\n'
        "  value_wo = ephemeral.penstock_secret_manager_value.v.value\n}\n"
    )


def test_one_key_of_a_json_value(terraform, fake, service, monkeypatch):
    monkeypatch.setenv("VAULT_TOKEN", "hvs.1")
    value = {"data": {"data": {"password": CANARY, "port": 5432}}}
    service.answers["/v1/secret/data/s"] = (200, json.dumps(value))
    head = f'manager = "vault"\n  endpoint = "{service.url}"\n  '
    terraform.environment["VAULT_TOKEN"] = "hvs.1"
    terraform.write(block(head + 'json_key = "password"') + secret())
    terraform.apply()
    assert "secret/a.b/K" in fake.objects
    terraform.plan(0)
    terraform.write(block(head + 'json_key = "pasword"') + secret())
    out = terraform.plan(1)
    assert "It has no key `pasword`, only: password, port." in out
    assert CANARY not in out


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('manager = "onepassword"', '"aws", "azure", "gcp", "vault"'),
        ("", "`project` is missing"),
        ('manager = "aws"\n  project = "p"', "`project` means nothing to AWS Secrets Manager"),
        ('manager = "azure"', "`vault` is missing"),
        ('manager = "vault"\n  region = "x"', "`region` means nothing to HashiCorp Vault"),
    ],
)
def test_what_a_manager_does_not_know_is_said_by_validate(terraform, more, words):
    terraform.write(block(more))
    assert words in terraform.run("validate", "-no-color", code=1)
