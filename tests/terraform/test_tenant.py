"""A tenant and what is in it, in one run: planned when it is not there yet, and gone together."""

from __future__ import annotations

import httpx
import pytest

from .life import block, flow, quoted

NS = "company.own"


@pytest.fixture
def name(namespace):
    return namespace.replace(".", "-")


def inside(server, tenant, token=None):
    """A second provider block, for what is in the tenant."""
    return (
        f'provider "penstock" {{\n  alias = "inside"\n  endpoint = "{server.url}"\n'
        f"  token = {token or quoted(server.token)}\n  tenant = {tenant}\n}}\n"
    )


def held(kind, label="it", **attributes):
    """A resource in the tenant."""
    return block(kind, provider="penstock.inside", **attributes).replace('"it"', f'"{label}"', 1)


TENANT = "penstock_tenant.it.tenant"
SECRET = "a-value-that-nobody-guesses"
CONTENT = (
    held("penstock_namespace", namespace=quoted(NS), variables='{ bucket = "raw" }')
    + held("penstock_secret", namespace=quoted(NS), key='"KEY"', value_wo=quoted(SECRET))
    + held("penstock_kv", namespace=quoted(NS), key='"rates"', value="1")
    + held("penstock_file", namespace=quoted(NS), path='"a.txt"', content='"a"')
    + held("penstock_token", name='"own"', value_wo=quoted(f"{SECRET}-and-long-enough"))
    + held("penstock_flow", source=quoted(flow(NS)))
    + held(
        "penstock_flows",
        namespace='"company.set"',
        sources=f"{{ hello = {quoted(flow('company.set'))} }}",
    )
    + held(
        "penstock_schedule",
        namespace=quoted(NS),
        schedule_id='"s"',
        flow_id='"hello"',
        cron='"0 6 * * *"',
    )
)
COUNT = 9


def test_a_tenant_and_what_is_in_it_are_one_apply(either, server, name):
    either.write(block("penstock_tenant", tenant=quoted(name)) + inside(server, TENANT) + CONTENT)
    out = either.plan(2)
    assert f"{COUNT} to add" in out
    assert "Warning" not in out
    assert server.gone(f"/api/v1/tenants/{name}"), "a plan makes nothing"
    assert f"{COUNT} added" in either.apply()
    assert server.get(f"/api/v1/tenants/{name}/flows/{NS}/hello")["owner"] == "terraform:default"
    either.plan(0)
    out = either.run("destroy", "-auto-approve", "-no-color")
    assert f"{COUNT} destroyed" in out
    assert server.gone(f"/api/v1/tenants/{name}")


def test_a_plan_of_a_tenant_that_is_not_there_yet_finds_mistakes(terraform, server, name):
    broken = flow(NS, name="broken").replace("core.log.Log", "core.log.Lgo")
    reads = flow(NS, word="'{{ secret(`NOWHERE`) }}'".replace("`", '"'), name="reads")
    terraform.write(
        block("penstock_tenant", tenant=quoted(name))
        + inside(server, TENANT)
        + held("penstock_flow", "broken", source=quoted(broken))
        + held("penstock_flow", "reads", source=quoted(reads))
    )
    out = terraform.plan(1)
    assert "Did you mean `core.log.Log`?" in out
    assert f"Flow {NS}/broken is not valid" in out
    assert f"`NOWHERE` is neither in {NS} nor above it" in out
    assert server.gone(f"/api/v1/tenants/{name}")


@pytest.mark.parametrize("given", ["var.tenant", "terraform_data.name.output"])
def test_the_name_of_a_tenant_may_be_known_late(terraform, server, name, given):
    """A variable is known when it is planned, and what another resource makes after that."""
    terraform.write(
        f'variable "tenant" {{\n  default = "{name}"\n}}\n'
        f'resource "terraform_data" "name" {{\n  input = "{name}"\n}}\n'
        + block("penstock_tenant", tenant=given)
        + inside(server, TENANT)
        + CONTENT
    )
    assert f"{COUNT + 1} to add" in terraform.plan(2)
    terraform.apply()
    terraform.plan(0)
    assert server.get(f"/api/v1/tenants/{name}/flows/{NS}/hello")
    terraform.run("destroy", "-auto-approve")
    assert server.gone(f"/api/v1/tenants/{name}")


def test_the_order_may_be_said_by_depends_on(terraform, server, name):
    after = {"depends_on": "[penstock_tenant.it]"}
    terraform.write(
        block("penstock_tenant", tenant=quoted(name))
        + inside(server, quoted(name))
        + held("penstock_flow", source=quoted(flow(NS)), **after)
        + held("penstock_token", name='"own"', value_wo=quoted(f"{SECRET}-long-enough"), **after)
    )
    terraform.apply()
    terraform.plan(0)
    with httpx.Client(headers={"Authorization": f"Bearer {SECRET}-long-enough"}) as client:
        tenants = f"{server.url}/api/v1/tenants"
        assert client.get(f"{tenants}/{name}/flows").status_code == 200
        assert client.get(f"{tenants}/main/flows").status_code == 404
    server.put(f"/api/v1/tenants/{name}/kv/a.b/k", {"value": 1})
    assert "still holds 1 key-value pair" in terraform.run("destroy", "-auto-approve", code=1)
    server.delete(f"/api/v1/tenants/{name}/kv/a.b/k")
    terraform.run("destroy", "-auto-approve")
    assert server.gone(f"/api/v1/tenants/{name}")


def test_a_tenant_that_is_gone_is_made_again_with_what_was_in_it(terraform, server, name):
    terraform.write(
        block("penstock_tenant", tenant=quoted(name))
        + inside(server, TENANT)
        + held("penstock_flow", source=quoted(flow(NS)))
        + held("penstock_token", name='"own"', value_wo=quoted(f"{SECRET}-of-{name}-long-enough"))
    )
    terraform.apply()
    for path in (f"/{name}/flows/{NS}/hello", f"/{name}/tokens/own", f"/{name}"):
        server.delete(f"/api/v1/tenants{path}")
    assert "3 to add" in terraform.plan(2)
    terraform.apply()
    terraform.plan(0)


def test_a_tenant_that_nobody_declares_is_an_error_with_the_nearest_name(terraform, server, name):
    server.put(f"/api/v1/tenants/{name}", {})
    terraform.write(
        inside(server, quoted(f"{name}x"))
        + held("penstock_flow", source=quoted(flow(NS)))
        + held("penstock_token", name='"own"', value_wo=quoted(f"{SECRET}-and-long-enough"))
    )
    out = terraform.plan(1)
    assert f"There is no tenant {name}x. Did you mean `{name}`?" in out
    assert "tenant = penstock_tenant.dev.tenant" in out
    assert "Cannot plan token own" in out


def test_what_is_of_a_tenant_that_is_gone_can_be_destroyed(terraform, server, name):
    server.put(f"/api/v1/tenants/{name}", {})
    terraform.write(
        inside(server, quoted(name))
        + held("penstock_token", name='"own"', value_wo=quoted(f"{SECRET}-and-long-enough"))
        + held("penstock_flow", source=quoted(flow(NS)))
        + held(
            "penstock_flows",
            namespace='"company.set"',
            sources=f"{{ hello = {quoted(flow('company.set'))} }}",
        )
    )
    terraform.apply()
    for path in (f"flows/{NS}/hello", "flows/company.set/hello", "tokens/own"):
        server.delete(f"/api/v1/tenants/{name}/{path}")
    server.delete(f"/api/v1/tenants/{name}")
    assert f"There is no tenant {name}." in terraform.plan(1)
    terraform.run("destroy", "-auto-approve", "-refresh=false")
    assert terraform.state() == {}


def test_content_that_comes_before_its_tenant_says_so(terraform, server, name):
    """Nothing refers to the tenant, and it cannot be made in time."""
    terraform.write(
        block("penstock_tenant", tenant=quoted(name), depends_on="[penstock_flow.it]")
        + inside(server, quoted(name))
        + held("penstock_flow", source=quoted(flow(NS)))
    )
    terraform.plan(2)
    out = terraform.apply(1)
    assert f"There is no tenant {name}. This configuration declares it" in out
    assert "nothing says that it comes first" in out
    assert "tenant = penstock_tenant.dev.tenant" in out


def test_a_token_for_the_run_in_a_tenant_that_the_run_makes(terraform, server, name):
    """The revision is known when the tenant is there, so that the token is not made before."""
    terraform.write(
        block("penstock_tenant", tenant=quoted(name))
        + inside(server, TENANT)
        + 'ephemeral "penstock_token" "run" {\n  provider = penstock.inside\n'
        '  access = "write"\n  ttl = "PT5M"\n'
        '  description = "For revision ${penstock_tenant.it.revision}"\n}\n'
        + inside(server, TENANT, "ephemeral.penstock_token.run.value").replace("inside", "run")
        + held("penstock_flow", source=quoted(flow(NS))).replace("inside", "run")
    )
    terraform.apply()
    terraform.plan(0)
    events = server.get(f"/api/v1/tenants/{name}/audit-events?object=flow/{NS}/hello")["items"]
    assert events[0]["actor"].startswith("token:terraform-")


def test_what_one_tenant_was_cleared_of_is_asked_of_another(terraform, server, namespace, name):
    """The same text in two tenants: only one of them has what it reads."""
    server.put(f"/api/v1/tenants/{name}", {})
    server.put(f"/secrets/{namespace}/KEY", {"value": "v"})
    reads = quoted(flow(namespace, word="'{{ secret(`KEY`) }}'".replace("`", '"')))
    terraform.write(
        block("penstock_flow", source=reads)
        + inside(server, quoted(name))
        + held("penstock_flow", "other", source=reads, depends_on="[penstock_flow.it]")
    )
    out = terraform.plan(1)
    assert f"`KEY` is neither in {namespace} nor above it" in out
    assert "with penstock_flow.other" in out
    assert "with penstock_flow.it" not in out


@pytest.mark.parametrize("is_there", [True, False])
def test_what_is_declared_in_one_tenant_is_missing_in_another(
    terraform, server, namespace, name, is_there
):
    if is_there:
        server.put(f"/api/v1/tenants/{name}", {})
        tenant, made = quoted(name), ""
    else:
        tenant, made = TENANT, block("penstock_tenant", tenant=quoted(name))
    reads = quoted(flow(namespace, word="'{{ secret(`KEY`) }}'".replace("`", '"')))
    secret = {"namespace": quoted(namespace), "key": '"KEY"', "value_wo": quoted(SECRET)}
    terraform.write(
        made
        + block("penstock_secret", **secret)
        + block("penstock_flow", source=reads)
        + inside(server, tenant)
        + held("penstock_flow", "other", source=reads)
    )
    out = terraform.plan(1)
    assert f"`KEY` is neither in {namespace} nor above it" in out
    assert "with penstock_flow.other" in out
    assert "with penstock_flow.it" not in out
    mended = held("penstock_secret", "other", **secret)
    terraform.write(
        made
        + block("penstock_secret", **secret)
        + block("penstock_flow", source=reads)
        + inside(server, tenant)
        + held("penstock_flow", "other", source=reads)
        + mended
    )
    out = terraform.plan(2)
    assert "Warning" not in out
