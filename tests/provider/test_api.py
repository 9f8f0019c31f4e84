"""The HTTP client against a server that fails on purpose."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from penstock_provider import __version__
from penstock_provider.api import ApiError, Settings
from penstock_provider.client import Client
from penstock_provider.sentences import failure

from .fake import TOKEN

READ = ("POST", "/state:read", {"objects": []})


@pytest.fixture
def client(fake, monkeypatch):
    made = Client(
        Settings(fake.url, TOKEN, max_retries=3, timeout=5, provenance={"Penstock-Run-Id": "7"})
    )
    made.waits = []
    monkeypatch.setattr(made._stopped, "wait", lambda seconds: bool(made.waits.append(seconds)))
    yield made
    made.close()


@pytest.mark.parametrize("broken", [(503, {}), (500, {}), (429, {"Retry-After": "7"}), None])
def test_tries_again(fake, client, broken):
    fake.failures = [broken, broken]
    assert client.request(*READ).json == {"objects": []}
    assert len(fake.requests) == 3
    if broken and broken[0] == 429:
        assert client.waits == [7.0, 7.0]
    else:
        assert 0 < client.waits[0] < client.waits[1] * 2


def test_gives_up(fake, client):
    fake.failures = [(503, {})] * 9
    with pytest.raises(ApiError) as error:
        client.request(*READ)
    assert error.value.status == 503
    assert len(fake.requests) == 4


def test_refusals_are_not_repeated(fake, client):
    fake.failures = [(409, {})]
    with pytest.raises(ApiError):
        client.request(*READ)
    assert len(fake.requests) == 1


def test_headers_and_one_connection(fake, client):
    for _ in range(5):
        client.request(*READ)
    assert fake.headers[0]["Penstock-Owner"] == "terraform:default"
    assert fake.headers[0]["Penstock-Run-Id"] == "7"
    assert len(fake.connections) == 1


def test_connections_that_the_server_has_ended_meanwhile_cost_no_attempt(fake, client):
    with ThreadPoolExecutor(5) as pool:
        with fake.lock:  # nobody is answered until all have asked, so each has a connection
            calls = [pool.submit(client.request, *READ) for _ in range(5)]
            fake.wait_until(lambda: len(fake.connections) == 5)
        assert [call.result().status for call in calls] == [200] * 5
    fake.hang_up()
    assert client.request(*READ).status == 200
    assert client.waits == []


def test_a_connection_that_ends_under_a_request_is_made_anew(fake, client):
    client.request(*READ)
    fake.failures = [None]
    assert client.request(*READ).status == 200
    assert client.waits == [], "it had been idle, so nothing says that the server is in trouble"
    fake.failures = [None, None]
    assert client.request(*READ).status == 200
    assert len(client.waits) == 1


def test_stop_ends_a_pause(fake):
    client = Client(Settings(fake.url, TOKEN, max_retries=3))
    fake.failures = [(429, {"Retry-After": "30"})] * 4
    threading.Timer(0.1, client.stop).start()
    began = time.monotonic()
    with pytest.raises(ApiError):
        client.request(*READ)
    assert time.monotonic() - began < 10
    client.close()


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (401, "unauthenticated", "PENSTOCK_TOKEN"),
        (403, "forbidden", "permission"),
        (404, "not-found", "`endpoint` and `tenant`"),
        (409, "foreign-owner", "let its owner release it"),
        (409, "in-use", "Remove its users first"),
        (412, "precondition-failed", "Plan again"),
        (413, "body-too-large", "Split"),
        (429, "rate-limited", "Apply again later"),
        (500, "internal", "look into its log"),
        (0, "unreachable", "PENSTOCK_ENDPOINT"),
    ],
)
def test_each_refusal_says_what_to_do(status, code, words):
    (diagnostic,) = failure(ApiError(status, code, "It is so."), "create flow a.b/c").diagnostics
    assert diagnostic.summary == "Cannot create flow a.b/c"
    assert diagnostic.detail.startswith("It is so.\n")
    assert words in diagnostic.detail


def test_nobody_there(terraform, fake):
    terraform.write('resource "penstock_namespace" "a" { namespace = "a.b" }\n')
    fake.stop()
    out = terraform.plan(1)
    assert "Cannot plan namespace a.b" in out
    assert "does not answer" in out


def test_wrong_token(terraform, fake, monkeypatch):
    terraform.write('resource "penstock_namespace" "a" { namespace = "a.b" }\n')
    monkeypatch.setattr("tests.provider.fake.TOKEN", "another")
    out = terraform.plan(1)
    assert "The token is not known." in out
    assert "PENSTOCK_TOKEN" in out


def test_provider_settings_are_checked(terraform):
    terraform.provider = "timeout = -1"
    terraform.write('resource "penstock_namespace" "a" { namespace = "a.b" }\n')
    assert "`timeout` is no number from 0 on" in terraform.plan(1)


def test_provenance_reaches_the_server(terraform, fake):
    terraform.provider = 'owner = "terraform:prod"\n source { commit = "abc" }\n run {\n id = "9"\n url = "https://ci/9"\n }'
    terraform.write('resource "penstock_namespace" "a" { namespace = "a.b" }\n')
    terraform.apply()
    sent = fake.headers[-1]
    assert sent["Penstock-Source-Commit"] == "abc"
    assert sent["Penstock-Run-Url"] == "https://ci/9"
    assert fake.objects["namespace/a.b"]["owner"] == "terraform:prod"


@pytest.mark.parametrize(
    ("version", "words"), [(2, "API version 2; this provider"), (1, "nothing at this address")]
)
def test_another_version_of_the_server_is_named(fake, client, version, words):
    fake.version = version
    with pytest.raises(ApiError) as error:
        client.request("POST", "/new", {})
    assert words in error.value.detail
    assert len(fake.requests) == 2


def versions(version: str, spoken: int = 1) -> dict[str, str]:
    return {"Penstock-Version": version, "Penstock-Api-Version": str(spoken)}


def test_a_server_that_speaks_otherwise_is_refused_at_its_first_answer(fake, client):
    fake.versions = versions("9.0.0", 2)
    with pytest.raises(ApiError) as error:
        client.request(*READ)
    assert error.value.code == "other-version"
    assert "Penstock 9.0.0 with API version 2; this provider" in error.value.detail
    assert len(fake.requests) == 1


@pytest.mark.parametrize(("version", "age"), [("0.0.9", "older"), ("0.10.0", "newer")])
def test_what_another_version_does_not_understand_says_so(fake, client, version, age):
    fake.versions = versions(version)
    with pytest.raises(ApiError) as error:
        client.request("POST", "/new", {})
    assert f"The server is Penstock {version}, {age} than the provider" in error.value.detail
    assert "nothing at this address" in error.value.detail
    assert len(fake.requests) == 1
    with pytest.raises(ApiError) as error:
        client.request("GET", "/new")
    assert "older" not in error.value.detail


def test_the_same_version_is_not_talked_about(fake, client):
    fake.versions = versions(__version__)
    with pytest.raises(ApiError) as error:
        client.request("POST", "/new", {})
    assert error.value.detail == "There is nothing at this address."
    assert len(fake.requests) == 1
