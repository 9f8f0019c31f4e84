"""Tenants: declared, and worlds apart: the same names in two of them know nothing of each other."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Generator

import httpx
import pytest
from fastapi.routing import APIRoute
from sqlmodel import SQLModel

from penstock.api.app import routers
from penstock.errors import NotFound
from penstock.service import apply, token
from penstock.service.change import Change
from penstock.service.objectset import Member, Reference
from penstock.store import tenant as rows

MARK = "only-in-a-5c07d1"
NS = "company.team"
_names = itertools.count(1)


@pytest.fixture
def tenants(server) -> Generator[httpx.Client]:
    with httpx.Client(
        base_url=f"{server.url}/api/v1/tenants",
        headers={"authorization": f"Bearer {server.token}"},
        trust_env=False,
        timeout=30,
    ) as found:
        yield found


@pytest.fixture
def name() -> str:
    return f"tenant-{next(_names)}"


@pytest.fixture
def within(server, tenants) -> Generator[Callable[[str], httpx.Client]]:
    """A client of a tenant's own token."""
    opened: list[httpx.Client] = []

    def client(tenant: str) -> httpx.Client:
        assert tenants.put(f"/{tenant}", json={}).status_code == 201
        value = f"a-token-of-{tenant}-that-is-long-enough"
        made = tenants.put(f"/{tenant}/tokens/own", json={"value": value})
        assert made.status_code == 201, made.text
        found = httpx.Client(
            base_url=f"{server.url}/api/v1/tenants/{tenant}",
            headers={"authorization": f"Bearer {value}"},
            trust_env=False,
            timeout=30,
        )
        opened.append(found)
        return found

    yield client
    for each in opened:
        each.close()


def listing(client: httpx.Client) -> str:
    return str(client.base_url).rstrip("/")


def audit(client: httpx.Client, tenant: str, name: str) -> list[tuple[str, str]]:
    found = client.get(f"/{tenant}/audit-events", params={"object": f"tenant/{name}"})
    return [(each["action"], each["actor"]) for each in found.json()["items"]]


def test_a_tenants_life(tenants, name):
    body = {"description": "Ours", "labels": {"team": "data"}}
    made = tenants.put(f"/{name}", json=body)
    assert made.status_code == 201
    form = made.json()
    assert (form["id"], form["description"], form["labels"]) == (name, "Ours", {"team": "data"})
    assert tenants.get(f"/{name}").json() == form
    etag = {"if-none-match": made.headers["etag"]}
    assert tenants.get(f"/{name}", headers=etag).status_code == 304
    again = tenants.put(f"/{name}", json=body, headers={"If-Match": "x"})
    assert (again.status_code, again.json()["revision"]) == (200, 1)
    assert tenants.put(f"/{name}", json=body, headers={"If-None-Match": "*"}).status_code == 412
    assert tenants.put(f"/{name}", json={}, headers={"If-Match": "x"}).status_code == 412
    other = tenants.put(f"/{name}", json={}, headers={"Penstock-Owner": "terraform:x"})
    assert other.json()["code"] == "foreign-owner"
    assert tenants.put(f"/{name}", json={}).json()["revision"] == 2
    listed = tenants.get(listing(tenants), params={"limit": 1000}).json()["items"]
    assert {"main", name} <= {each["id"] for each in listed}
    actor = "token:main/admin"
    assert audit(tenants, name, name) == [("tenant.create", actor), ("tenant.update", actor)]
    assert tenants.delete(f"/{name}", headers={"If-Match": "x"}).status_code == 412
    assert tenants.delete(f"/{name}").status_code == 204
    assert tenants.get(f"/{name}").status_code == tenants.delete(f"/{name}").status_code == 404
    assert tenants.get(f"/{name}/flows").status_code == 404
    assert audit(tenants, "main", name) == [("tenant.delete", "token:admin")]
    tenants.put(f"/{name}", json={})
    kept = [action for action, _ in audit(tenants, name, name)]
    assert kept == ["tenant.create", "tenant.update", "tenant.delete", "tenant.create"]


def test_pages_of_tenants(tenants, name):
    for number in range(3):
        tenants.put(f"/{name}-{number}", json={})
    seen, cursor = [], None
    while True:
        page = tenants.get(
            listing(tenants), params={"limit": 1, **({"cursor": cursor} if cursor else {})}
        ).json()
        seen += [each["id"] for each in page["items"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert seen == sorted(seen)
    assert len([each for each in seen if each.startswith(f"{name}-")]) == 3


@pytest.mark.parametrize("wrong", ["A", "-a", "a b", "x" * 101])
def test_names_that_are_none(tenants, wrong):
    answer = tenants.put(f"/{wrong}", json={})
    assert answer.status_code == 422
    assert "no name of a tenant" in answer.json()["detail"]


def test_only_tokens_of_the_scope_of_the_server_see_tenants(server, within, name):
    own = within(name)
    for method, path in (
        ("GET", ""),
        ("GET", f"/{name}"),
        ("GET", "/nowhere"),
        ("PUT", f"/{name}"),
        ("DELETE", f"/{name}"),
    ):
        url = f"{server.url}/api/v1/tenants{path}"
        answer = own.request(method, url, json={})
        assert answer.status_code == 403, (method, path)
        assert "scope `tenant`" in answer.json()["detail"]
        assert httpx.request(method, url, json={}).status_code == 401


def test_a_tenant_that_holds_something_stays_and_says_what(tenants, within, name):
    own = within(name)
    flow = f"id: f\nnamespace: {NS}\ntasks:\n  - id: a\n    type: core.log.Log\n    message: x\n"
    own.put(f"/flows/{NS}/f", json={"source": flow})
    own.put(f"/secrets/{NS}/K", json={"value": "v"})
    own.put(f"/files/{NS}/a.txt", json={"content": "x"})
    started = own.post("/executions", json={"namespace": NS, "flowId": "f"}).json()
    with own.stream("GET", f"/executions/{started['id']}/follow") as stream:
        stream.read()
    refused = tenants.delete(f"/{name}")
    assert refused.status_code == 409
    said = refused.json()["detail"]
    for part in ("1 flow,", "1 secret,", "1 file", "1 execution", "1 token"):
        assert part in said
    assert own.get(f"/flows/{NS}/f").status_code == 200, "nothing has gone"
    assert own.delete(f"/executions/{started['id']}").status_code == 204
    for path in ("flows", "secrets", "files"):
        for each in own.get(f"/{path}").json()["items"]:
            tail = each.get("path") or each.get("key") or each["id"]
            assert own.delete(f"/{path}/{NS}/{tail}").status_code == 204
    assert "1 token." in tenants.delete(f"/{name}").json()["detail"]
    assert tenants.delete(f"/{name}/tokens/own").status_code == 204
    assert tenants.delete(f"/{name}").status_code == 204
    assert own.get("/whoami").status_code == 401
    # Another tenant of that name begins anew: nothing of what was there can be read.
    tenants.put(f"/{name}", json={})
    assert tenants.get(f"/{name}/flows/{NS}/f/revisions").status_code == 404
    revisions = tenants.get(f"/{name}/files:revisions", params={"namespace": NS, "path": "a.txt"})
    assert revisions.status_code == 404 or revisions.json()["items"] == []


def test_nothing_is_written_into_a_tenant_that_has_just_gone(server, tenants, name):
    """Whoever was let in before finds it gone, instead of leaving things for the next one."""
    tenants.put(f"/{name}", json={})
    services = server.application.services
    caller = services.tokens.verify(f"Bearer {server.token}", name, "write")
    assert tenants.delete(f"/{name}").status_code == 204
    member = Member(Reference("namespace", NS), {})
    for write in (
        lambda: apply.put(services, Change(caller), member),
        lambda: token.put(services, Change(caller), "t", body={"value": "x" * 40}),
        lambda: token.create(services, Change(caller), {"name": "t"}),
    ):
        with pytest.raises(NotFound, match=f"There is no tenant {name}"):
            write()


def test_the_main_tenant_stays(tenants):
    answer = tenants.delete("/main")
    assert answer.status_code == 409
    assert "cannot go" in answer.json()["detail"]


def test_what_holds_a_tenant_is_said_of_every_table():
    known = {*rows._HELD, *rows._LEFT, *rows._KEPT}
    with_tenant = {name for name, table in SQLModel.metadata.tables.items() if "tenant" in table.c}
    assert known <= with_tenant


FLOW = f"""id: f
namespace: {NS}
description: WHOSE
labels: {{whose: WHOSE}}
concurrency: {{limit: 1, behavior: QUEUE}}
triggers:
  - id: hook
    type: core.trigger.Webhook
    key: a-key-of-the-hook
tasks:
  - id: say
    type: core.log.Log
    message: "WHOSE {{{{ kv('K') }}}} {{{{ read('a.txt') }}}} {{{{ secret('S') == 'WHOSE-secret' }}}}"
"""
AFTER = f"""id: after
namespace: {NS}
triggers:
  - id: f
    type: core.trigger.Flow
    conditions:
      - type: core.condition.ExecutionFlow
        namespace: {NS}
        flowId: f
tasks:
  - id: a
    type: core.log.Log
    message: WHOSE
"""
WAITS = f"""id: waits
namespace: {NS}
concurrency: {{limit: 1, behavior: QUEUE}}
tasks:
  - id: p
    type: core.flow.Pause
"""
SUITE = f"""id: s
namespace: {NS}
flowId: f
description: WHOSE
testCases:
  - id: c
    type: core.test.UnitTest
    assertions:
      - value: "{{{{ 1 }}}}"
        equalTo: 1
"""


def fill(own: httpx.Client, whose: str) -> None:
    """The same names, with contents that tell whose they are."""
    objects = {
        f"/namespaces/{NS}": {"description": whose},
        f"/secrets/{NS}/S": {"value": f"{whose}-secret", "description": whose},
        f"/kv/{NS}/K": {"value": whose},
        f"/files/{NS}/a.txt": {"content": whose},
        f"/flows/{NS}/f": {"source": FLOW.replace("WHOSE", whose)},
        f"/flows/{NS}/after": {"source": AFTER.replace("WHOSE", whose)},
        f"/flows/{NS}/waits": {"source": WAITS},
        f"/schedules/{NS}/n": {"flowId": "f", "cron": "0 1 1 1 *", "description": whose},
        f"/tests/{NS}/s": {"source": SUITE.replace("WHOSE", whose)},
        "/tokens/named": {
            "value": f"value-of-a-declared-token-of-{own.base_url.path.split('/')[-2]}",
            "description": whose,
        },
    }
    for path, body in objects.items():
        made = own.put(path, json=body)
        assert made.status_code == 201, (path, made.text)


def run(own: httpx.Client, flow: str) -> dict:
    made = own.post("/executions", json={"namespace": NS, "flowId": flow}).json()
    with own.stream("GET", f"/executions/{made['id']}/follow") as stream:
        stream.read()
    return own.get(f"/executions/{made['id']}").json()


def of_flow(own: httpx.Client, flow: str) -> list[dict]:
    asked = {"namespace": NS, "flowId": flow, "limit": 100}
    return own.get("/executions", params=asked).json()["items"]


@pytest.fixture
def two(within, name) -> tuple[httpx.Client, httpx.Client]:
    first, second = within(f"{name}-a"), within(f"{name}-b")
    fill(first, MARK)
    fill(second, "of-b")
    return first, second


def test_flows_see_and_hear_their_own_tenant_only(two):
    first, second = two
    held = first.post("/executions", json={"namespace": NS, "flowId": "waits"}).json()
    run(second, "f")
    ended = run(first, "f")
    assert ended["state"] == "SUCCESS"
    for own, whose in ((first, MARK), (second, "of-b")):
        (execution,) = of_flow(own, "f")
        lines = own.get(f"/executions/{execution['id']}/logs").json()["items"]
        said = [line["message"] for line in lines if line["taskId"] == "say"]
        assert said == [f"{whose} {whose} {whose} true"]
    deadline = time.monotonic() + 30
    while not (of_flow(first, "after") and of_flow(second, "after")):
        assert time.monotonic() < deadline
    assert [len(of_flow(own, "after")) for own in two] == [1, 1], "each heard of its own flow"
    # A slot that is taken there is free here.
    waiting = second.post("/executions", json={"namespace": NS, "flowId": "waits"}).json()
    deadline = time.monotonic() + 30
    while second.get(f"/executions/{waiting['id']}").json()["state"] != "PAUSED":
        assert time.monotonic() < deadline
    for own, found in ((first, held), (second, waiting)):
        assert own.post(f"/executions/{found['id']}/kill", json={}).status_code in {200, 202}


def routes() -> list[tuple[str, str]]:
    return [
        (method, route.path)
        for router, is_tenantless in routers()
        for route in router.routes
        if isinstance(route, APIRoute)
        and not is_tenantless
        # Switched off on this server; tests/api/test_terraform_state.py has them.
        and not route.path.startswith("/terraform-state")
        for method in route.methods
    ]


def address(path: str, execution_id: str) -> str:
    """The address of what there is in the first tenant."""
    kind = path.strip("/").split("/")[0]
    ids = {
        "flows": "f",
        "schedules": "n",
        "tests": "s",
        "executions": execution_id,
        "triggers": "hook",
    }
    values = {
        "{namespace}": NS,
        "{flow}": "f",
        "{id}": ids.get(kind, ""),
        "{key}": "S" if kind == "secrets" else "K",
        "{path:path}": "a.txt",
        "{name}": "named",
    }
    for part, value in values.items():
        path = path.replace(part, value)
    assert "{" not in path, "a new kind of parameter: say what it is here"
    return path


def test_D29_nothing_of_another_tenant_can_be_read_by_any_route(two, within, name):
    """Every GET that there is, asked in a tenant that has nothing, for what the first one has."""
    first, second = two
    ended = run(first, "f")
    other = run(second, "f")
    empty = within(f"{name}-empty")
    asked = {"namespace": NS, "path": "a.txt", "q": MARK}
    read = 0
    for method, path in routes():
        if method != "GET" or path == "/whoami":
            continue
        real = address(path, ended["id"])
        mine = first.get(real, params=asked)
        read += MARK in mine.text or ended["id"] in mine.text
        assert mine.status_code in {200, 304}, (path, mine.text)
        theirs = empty.get(real, params=asked)
        assert MARK not in theirs.text, path
        assert "{" not in path or theirs.status_code == 404 or theirs.json()["items"] == [], path
        same = second.get(real, params=asked)
        assert MARK not in same.text, path
        assert "/executions/{id}" not in path or same.status_code == 404, path
    assert read > 20, "the mark is in most of what there is"
    for body in ({"objects": [{"kind": "secret", "namespace": NS, "id": "S"}]},):
        assert empty.post("/state:read", json=body).json()["objects"][0]["object"] is None
    items = [{"namespace": NS, "key": "S", "value": f"{MARK}-secret"}]
    told = [own.post("/secrets:compare", json={"items": items}).json() for own in (first, second)]
    assert [each["items"][0]["equal"] for each in told] == [True, False]
    assert told[0]["items"][0]["fingerprint"] != told[1]["items"][0]["fingerprint"]
    assert other["id"] != ended["id"]


def test_D29_nothing_of_another_tenant_can_be_changed_by_any_route(two, within, name):
    first, _ = two
    ended = run(first, "f")
    empty = within(f"{name}-empty")
    before = {
        path: first.get(address(path, ended["id"])).text
        for method, path in routes()
        if method == "GET" and path not in {"/audit-events", "/files:revisions", "/files:content"}
    }
    for method, path in routes():
        if method in {"GET", "HEAD"} or "{" not in path or method == "PUT":
            continue
        answer = empty.request(method, address(path, ended["id"]), json={})
        assert answer.status_code in {404, 422}, (method, path, answer.status_code, answer.text)
    bulk = {"operation": "restart", "ids": [ended["id"]]}
    answer = empty.post("/executions/bulk", json=bulk).json()
    assert answer["done"] == 0
    hook = f"{empty.base_url}webhooks/{NS}/f/a-key-of-the-hook"
    assert empty.post(hook, json={}).status_code == 404
    for path, text in before.items():
        assert first.get(address(path, ended["id"])).text == text, path


NEW = {"Penstock-New-Tenant": "true"}


def test_a_tenant_that_is_not_there_yet_can_be_asked_as_an_empty_one(tenants, name):
    assert tenants.get(f"/{name}/flows").json()["code"] == "unknown-tenant"
    flow = f"id: f\nnamespace: {NS}\ntasks:\n  - id: a\n    type: core.log.Log\n    message: x\n"
    broken = flow.replace("id: f", "id: broken").replace("core.log.Log", "core.log.Lgo")
    objects = [
        {"kind": "namespace", "namespace": NS, "spec": {"variables": {"a": 1}}},
        {"kind": "secret", "namespace": NS, "id": "S", "spec": {"value": "v"}},
        {"kind": "kv", "namespace": NS, "id": "K", "spec": {"value": 1}},
        {"kind": "file", "namespace": NS, "id": "a.txt", "spec": {"content": "x"}},
        {"kind": "flow", "namespace": NS, "id": "f", "spec": {"source": flow}},
        {"kind": "flow", "namespace": NS, "id": "broken", "spec": {"source": broken}},
        {
            "kind": "schedule",
            "namespace": NS,
            "id": "s",
            "spec": {"flowId": "elsewhere", "cron": "0 6 * * *"},
        },
    ]
    assert tenants.post(f"/{name}/plan", json={"objects": objects}).status_code == 404
    planned = tenants.post(f"/{name}/plan", json={"objects": objects}, headers=NEW)
    assert planned.status_code == 200, planned.text
    assert {each["action"] for each in planned.json()["objects"]} == {"create"}
    codes = {each["code"] for each in planned.json()["problems"]}
    assert {"unknown-type", "unknown-flow"} <= codes
    names = {"objects": [{"kind": "flow", "namespace": NS, "id": "f"}]}
    read = tenants.post(f"/{name}/state:read", json=names, headers=NEW).json()
    assert [each["object"] for each in read["objects"]] == [None]
    assert tenants.get(f"/{name}/state", headers=NEW).json()["objects"] == []
    assert tenants.get(f"/{name}/tokens/t", headers=NEW).json()["code"] == "not-found"
    assert tenants.get(f"/{name}").status_code == 404, "asking has made none"


def test_nothing_is_written_into_a_tenant_that_is_not_there_yet(tenants, name):
    compared = {"items": [{"namespace": NS, "key": "S", "value": "v"}]}
    for method, path, body in (
        ("POST", "apply", {"objects": []}),
        ("PUT", f"flows/{NS}/f", {"source": "x"}),
        ("POST", "secrets:compare", compared),
        ("POST", "tokens", {"name": "t"}),
        ("DELETE", f"kv/{NS}/K", None),
    ):
        answer = tenants.request(method, f"/{name}/{path}", json=body, headers=NEW)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-tenant"), path


def test_who_is_of_another_tenant_learns_nothing_of_a_new_one(server, within, name):
    own = within(name)
    for other in ("main", f"{name}-x"):
        url = f"{server.url}/api/v1/tenants/{other}"
        assert own.get(f"{url}/flows", headers=NEW).json()["code"] == "unknown-tenant"
        assert own.post(f"{url}/plan", json={"objects": []}, headers=NEW).status_code == 403
