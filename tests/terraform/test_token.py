"""Tokens and tenants beyond their life: what a plan says, and tokens for the length of a run."""

import json
import re
import zipfile
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import httpx
import pytest

from penstock_provider.ephemeral.token import EphemeralToken
from penstock_provider.framework.diagnostics import Diagnostics

from ..provider.workspace import Terraform  # noqa: TID252 (no name for `tests` at run time)
from .life import block, flow, quoted

TEXT = re.compile(rb"pst_[A-Za-z0-9_-]{20}")


@pytest.fixture
def name(namespace):
    return namespace.replace(".", "-")


def token(called, **more):
    value = quoted(f"value-of-{called}-and-long-enough")
    return block("penstock_token", **{"name": quoted(called), "value_wo": value, **more})


def test_a_declared_token_works_until_it_is_destroyed(terraform, server, name):
    terraform.write(token(name, access='"read"'))
    terraform.apply()
    with httpx.Client(
        base_url=f"{server.url}/api/v1/tenants/main",
        headers={"Authorization": f"Bearer value-of-{name}-and-long-enough"},
    ) as client:
        assert client.get("/whoami").json()["actor"] == f"token:{name}"
        assert client.post("/apply", json={"objects": []}).status_code == 403
        terraform.write(token(name))
        assert "1 to change" in terraform.plan(2)
        terraform.apply()
        assert client.post("/apply", json={"objects": []}).status_code == 200
        terraform.write("")
        terraform.apply()
        assert client.get("/whoami").status_code == 401


def test_drift_of_the_text_shows_in_the_fingerprint_alone(terraform, server, name):
    terraform.write(token(name, expires_at='"2090-01-01T00:00:00Z"'))
    terraform.apply()
    form = server.get(f"/tokens/{name}")
    body = {key: form[key] for key in ("description", "access", "expiresAt")}
    server.put(f"/tokens/{name}", {**body, "value": f"another-text-of-{name}"})
    out = terraform.plan(2)
    assert "~ fingerprint" in out
    assert "expires_at" not in out
    assert f"another-text-of-{name}" not in out
    terraform.apply()
    assert server.get(f"/tokens/{name}")["fingerprint"] == form["fingerprint"]
    terraform.plan(0)
    terraform.write(token(name, expires_at='"2090-01-01T01:00:00+01:00"'))
    terraform.plan(0)


@pytest.mark.parametrize(
    ("attribute", "value", "words"),
    [
        ("value_wo", '"short"', "must be random, of 32 to 512"),
        ("access", '"admin"', '"read" or "write"'),
        ("expires_at", '"tomorrow"', "2030-01-31T00:00:00Z"),
        ("expires_at", '"2030-01-31T00:00:00"', "no time with a zone"),
        ("name", '"CI"', "no name of a token"),
    ],
)
def test_mistakes_are_said_at_plan(terraform, name, attribute, value, words):
    terraform.write(token(name, **{attribute: value}))
    out = terraform.plan(1)
    assert words in out
    assert re.search(rf"on main.tf line \d+, in resource .*: \d+: {attribute} =", out)
    assert '"short"' not in out.replace(f"{attribute} = {value}", "")


def test_a_foreign_owner_and_the_same_name_twice_are_said_at_plan(terraform, server, name):
    server.put(
        f"/tokens/{name}", {"value": f"{name}-of-others-long-enough"}, **{"Penstock-Owner": "ui"}
    )
    terraform.write(token(name))
    assert f"Token {name} is declared by ui" in terraform.plan(1)
    terraform.write(token(f"{name}-a") + token(f"{name}-a").replace('"it"', '"that"'))
    assert f"Two resources of this configuration declare token {name}-a" in terraform.plan(1)


def test_a_token_that_may_only_read_plans_and_says_what_it_could_not_compare(
    tmp_path, terraform, server, reattach, name
):
    terraform.write(token(name))
    terraform.apply()
    server.put(f"/tokens/{name}-reader", {"value": f"reader-{name}-long-enough", "access": "read"})
    (tmp_path / "reader").mkdir()
    reader = Terraform(tmp_path / "reader", server.url, f"reader-{name}-long-enough", reattach)
    state = (terraform.directory / "terraform.tfstate").read_text()
    (reader.directory / "terraform.tfstate").write_text(state)
    reader.write(token(name))
    assert f"Token {name} is not compared" in reader.plan(0)
    reader.write(token(name, description='"x"'))
    assert "may only read" in reader.apply(1)


def test_tenants_need_the_scope_of_the_server(tmp_path, server, reattach, name):
    value = f"tenant-scope-{name}-long-enough"
    server.put(f"/tokens/{name}", {"value": value})
    terraform = Terraform(tmp_path, server.url, value, reattach)
    terraform.write(block("penstock_tenant", tenant=quoted(name)))
    out = terraform.plan(1)
    assert "scope `tenant`" in out
    assert f"Cannot plan tenant {name}" in out


class Singles:
    """The provider's calls, made at once."""

    def __init__(self, server):
        self.server = server

    async def post(self, path, body):
        return self.server.http.post(path, json=body).raise_for_status().json()

    async def put(self, path, body):
        return self.server.put(path, body)

    async def delete(self, path):
        self.server.delete(path)


def test_an_ephemeral_token_is_prolonged_by_the_half_that_has_gone(server, name):
    def result(coroutine):
        with pytest.raises(StopIteration) as ended:
            coroutine.send(None)
        return ended.value.value

    ephemeral = EphemeralToken(SimpleNamespace(singles=Singles(server)))
    config = {"name": name, "ttl": "P1DT2H", "description": "d"}
    opened = result(ephemeral.open(config, Diagnostics()))
    first = server.get(f"/tokens/{name}")
    assert opened.result["expires_at"] == first["expiresAt"]
    wait = opened.renewal.renew_at - datetime.now(UTC)
    assert timedelta(hours=12) < wait <= timedelta(hours=13)
    assert opened.result["value"] not in json.dumps(opened.renewal.private)
    renewed = result(ephemeral.renew(opened.renewal.private))
    second = server.get(f"/tokens/{name}")
    ends = [datetime.fromisoformat(each["expiresAt"]) for each in (first, second)]
    assert ends[1] - ends[0] == timedelta(hours=13)
    assert first["ephemeral"], "the server takes it away when the run cannot"
    same = ("fingerprint", "access", "description", "ephemeral")
    assert [second[key] for key in same] == [first[key] for key in same]
    result(ephemeral.renew(renewed.private))
    result(ephemeral.close(renewed.private))
    assert server.gone(f"/tokens/{name}")


def test_an_ephemeral_token_serves_a_run_and_is_gone_after_it(terraform, server, namespace):
    terraform.write(
        'ephemeral "penstock_token" "run" {\n  access = "write"\n  ttl = "PT5M"\n}\n'
        f'provider "penstock" {{\n  alias = "run"\n  endpoint = "{server.url}"\n'
        "  token = ephemeral.penstock_token.run.value\n}\n"
        f'resource "penstock_flow" "it" {{\n  provider = penstock.run\n'
        f"  source = {quoted(flow(namespace))}\n}}\n"
        f'resource "penstock_secret" "it" {{\n  namespace = "{namespace}"\n  key = "KEY"\n'
        "  value_wo = ephemeral.penstock_token.run.value\n}\n"
    )
    saved, trace = terraform.directory / "saved.plan", terraform.directory / "trace.log"
    more = {"TF_LOG": "TRACE", "TF_LOG_PATH": str(trace)}
    out = terraform.run("plan", "-no-color", f"-out={saved}", **more)
    out += terraform.run("apply", "-no-color", str(saved), **more)
    events = server.get(f"/audit-events?object=flow/{namespace}/hello&limit=10")["items"]
    actor = events[0]["actor"]
    assert actor.startswith("token:terraform-")
    made = actor.removeprefix("token:")
    life = server.get(f"/audit-events?object=token/{made}&limit=10")["items"]
    assert [each["action"] for each in life] == ["token.create", "token.delete"]
    names = [each["name"] for each in server.get("/tokens?limit=1000")["items"]]
    assert not [each for each in names if each.startswith("terraform-")]
    with zipfile.ZipFile(saved) as archive:
        found = [archive.read(each) for each in archive.namelist()]
    found += [path.read_bytes() for path in terraform.directory.rglob("*") if path.is_file()]
    found.append(out.encode())
    assert trace.stat().st_size > 10_000
    for data in found:
        assert not TEXT.search(data.replace(server.token.encode(), b""))
    assert json.loads((terraform.directory / "terraform.tfstate").read_text())["resources"]
