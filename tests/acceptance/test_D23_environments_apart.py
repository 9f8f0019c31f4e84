"""Environments apart: tenants of one server, and servers of their own."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import httpx
import pytest

from .conftest import Server, Terraform
from .test_terraform import PATHS, REQUIRED, RESOURCES

DEV, PROD = "token-of-dev-0c2f81/long-enough-too", "token-of-prod-77ae10/long-enough"
MORE = {
    "penstock_kv": {"namespace": "company.team", "key": "rate", "value": 1},
    "penstock_file": {"namespace": "company.team", "path": "a.sql", "content": "SELECT 1"},
    "penstock_test": {
        "source": "id: works\nnamespace: company.team\nflowId: hello\ncases: [{id: one}]\n",
        "depends_on": ["penstock_flows.it"],
    },
}
EVERYWHERE = {
    **PATHS,
    "penstock_kv": "/kv/company.team/rate",
    "penstock_file": "/files/company.team/a.sql",
    "penstock_test": "/tests/company.team/works",
    "penstock_token": "/tokens/own",
}
EVERYTHING = {
    "terraform": REQUIRED,
    "resource": {kind: {"it": body} for kind, body in {**RESOURCES, **MORE}.items()},
}


def client(server: Server, tenant: str, value: str) -> httpx.Client:
    return httpx.Client(
        base_url=f"{server.url}/api/v1/tenants/{tenant}",
        headers={"authorization": f"Bearer {value}", "penstock-owner": "terraform:default"},
        timeout=30,
    )


@pytest.fixture
def tenants(server: Server, new_terraform: Callable[..., Terraform]) -> Server:
    """Tenants dev and prod, each with a token of its own: all by Terraform, at the admin's desk."""
    admin = new_terraform(server, "admin")
    inside = {
        name: {"alias": name, "tenant": name, "endpoint": server.url, "token": server.token}
        for name in ("dev", "prod")
    }
    admin.write(
        {
            "terraform": REQUIRED,
            "provider": {"penstock": [{}, *inside.values()]},
            "resource": {
                "penstock_tenant": {name: {"tenant": name} for name in inside},
                "penstock_token": {
                    name: {
                        "provider": f"penstock.{name}",
                        "name": "own",
                        "value_wo": value,
                        "depends_on": [f"penstock_tenant.{name}"],
                    }
                    for name, value in (("dev", DEV), ("prod", PROD))
                },
            },
        }
    )
    admin.init()
    admin.apply("-target=penstock_tenant.dev", "-target=penstock_tenant.prod")
    admin.apply()
    admin.assert_nothing_to_do()
    return server


def deploy(
    made: Terraform, tenant: str, value: str, *, code: int = 0, **changes: str
) -> tuple[str, str]:
    made.environment |= {"PENSTOCK_TENANT": tenant, "PENSTOCK_TOKEN": value, **changes}
    made.write(EVERYTHING)
    made.init()
    done = made.run("apply", "-auto-approve", "-input=false", "-no-color", codes=(code,))
    return done.stdout, done.stderr


def test_D23_a_token_of_dev_cannot_touch_prod_on_the_same_server(
    tenants: Server, new_terraform: Callable[..., Terraform]
):
    for name, value in (("dev", DEV), ("prod", PROD)):
        made = new_terraform(tenants, name)
        deploy(made, name, value)
        made.assert_nothing_to_do()
    clients = {
        (tenant, name): client(tenants, tenant, value)
        for tenant in ("dev", "prod", "nowhere")
        for name, value in (("dev", DEV), ("prod", PROD))
    }
    before = {path: clients["prod", "prod"].get(path).json() for path in EVERYWHERE.values()}
    for path in EVERYWHERE.values():
        # Every object is in one environment: its twin in the other is another object.
        own = clients["dev", "dev"].get(path)
        assert own.status_code == 200, path
        for tenant in ("prod", "nowhere"):
            theirs = clients[tenant, "dev"]
            assert theirs.get(path).status_code == 404, path
            for method, body in (("PUT", own.json()), ("DELETE", None)):
                refused = theirs.request(method, path, json=body)
                assert refused.status_code == 403, (method, path, refused.text)
                assert f"may not change anything in {tenant}" in refused.json()["detail"]
    for tenant, path in itertools.product(
        ("prod", "nowhere"), ("/plan", "/apply", "/executions", "/state:read", "/secrets:compare")
    ):
        assert clients[tenant, "dev"].post(path, json={}).status_code == 403, path
    assert {path: clients["prod", "prod"].get(path).json() for path in before} == before
    started = clients["prod", "prod"].post(
        "/executions", json={"namespace": "company.team", "flowId": "hello"}
    )
    execution = f"/executions/{started.json()['id']}"
    assert started.json()["tenant"] == "prod"
    assert clients["prod", "dev"].get(execution).status_code == 404
    assert clients["dev", "dev"].get(execution).status_code == 404
    actors = clients["prod", "prod"].get("/audit-events", params={"limit": 1000}).json()["items"]
    assert {each["actor"] for each in actors} == {"token:main/admin", "token:own"}
    for each in clients.values():
        each.close()


def test_D23_terraform_with_a_token_of_dev_is_refused_for_prod_at_plan(
    tenants: Server, new_terraform: Callable[..., Terraform]
):
    made = new_terraform(tenants, "mistaken")
    _, said = deploy(made, "prod", DEV, code=1)
    assert "is of the tenant dev" in said
    assert DEV not in said
    with client(tenants, "prod", PROD) as prod:
        assert prod.get("/flows").json()["items"] == []


def test_D23_a_token_of_dev_is_unknown_to_the_server_of_prod(
    new_server: Callable[..., Server], new_terraform: Callable[..., Terraform]
):
    dev, prod = new_server("dev"), new_server("prod")
    for server in (dev, prod):
        made = new_terraform(server, f"tf-{server.data.name}")
        deploy(made, "main", server.token)
        made.assert_nothing_to_do()
    before = {path: prod.api.get(path).json() for path in EVERYWHERE.values()}
    with client(prod, "main", dev.token) as stranger:
        for path in EVERYWHERE.values():
            for method in ("GET", "PUT", "DELETE"):
                assert stranger.request(method, path, json={}).status_code == 401
    mistaken = new_terraform(prod, "mistaken")
    _, said = deploy(mistaken, "main", dev.token, code=1)
    assert "This token is not known here" in " ".join(said.split())
    assert {path: prod.api.get(path).json() for path in EVERYWHERE.values()} == before
