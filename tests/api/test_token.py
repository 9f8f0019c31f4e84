"""Tokens as declared objects: what they are shown as, what they allow, how far they reach."""

from __future__ import annotations

import itertools

import httpx
import pytest
from fastapi.routing import APIRoute

from penstock.api.app import PREFIX, routers

VALUE = "a-value-of-the-caller-itself-9f2c77e1"
_names = itertools.count(1)


@pytest.fixture
def name() -> str:
    return f"t{next(_names)}"


def client(server, value: str, tenant: str = "main") -> httpx.Client:
    return httpx.Client(
        base_url=f"{server.url}/api/v1/tenants/{tenant}",
        headers={"authorization": f"Bearer {value}"},
        trust_env=False,
    )


def put(server, name, body, **headers):
    return server.api.put(f"/tokens/{name}", json=body, headers=headers)


def audit(server, name):
    found = server.api.get("/audit-events", params={"object": f"token/{name}", "limit": 1000})
    return [each["action"] for each in found.json()["items"]]


def test_a_declared_token_works_and_is_never_shown(server, name, capfd):
    value = f"{VALUE}-{name}"
    body = {
        "value": value,
        "valueVersion": "7",
        "description": "For CI",
        "expiresAt": "2090-01-31T01:00:00+01:00",
    }
    made = put(server, name, body)
    assert made.status_code == 201
    form = made.json()
    assert form["expiresAt"] == "2090-01-31T00:00:00Z"
    assert (form["prefix"], form["valueVersion"]) == (value[:4], "7")
    assert (form["access"], form["scope"], form["owner"]) == ("write", "tenant", "api")
    assert form["createdBy"] == "token:admin"
    read = server.api.get(f"/tokens/{name}")
    assert read.json() == form
    assert read.headers["etag"] == made.headers["etag"] == f'"{form["contentHash"]}"'
    same = {"if-none-match": read.headers["etag"]}
    assert server.api.get(f"/tokens/{name}", headers=same).status_code == 304
    with client(server, value) as theirs:
        assert theirs.get("/whoami").json()["actor"] == f"token:{name}"
        listed = theirs.get("/tokens", params={"limit": 1000}).text
    for text in (made.text, listed, server.api.get("/audit-events?limit=1000").text):
        assert value not in text
    for file in server.data.rglob("*"):
        if file.is_file():
            assert value.encode() not in file.read_bytes(), file
    assert value not in "".join(capfd.readouterr())


def test_the_same_twice_writes_nothing_and_a_change_replaces(server, name):
    body = {"value": f"{VALUE}-{name}", "description": "one"}
    assert put(server, name, body).status_code == 201
    again = put(server, name, body, **{"If-Match": "something old"})
    assert (again.status_code, again.json()["revision"]) == (200, 1)
    assert audit(server, name) == ["token.create"]
    other = put(server, name, {"description": "two", "access": "read"})
    assert (other.status_code, other.json()["revision"]) == (200, 2)
    assert other.json()["fingerprint"] == again.json()["fingerprint"], "the text stays"
    rotated = put(server, name, {**body, "value": f"{VALUE}-{name}-new"})
    assert rotated.json()["fingerprint"] != again.json()["fingerprint"]
    with client(server, f"{VALUE}-{name}") as old, client(server, f"{VALUE}-{name}-new") as new:
        assert old.get("/whoami").status_code == 401, "at once"
        assert new.get("/whoami").status_code == 200
        assert server.api.delete(f"/tokens/{name}").status_code == 204
        assert new.get("/whoami").status_code == 401, "at once"
    assert server.api.get(f"/tokens/{name}").status_code == 404
    assert audit(server, name) == [f"token.{x}" for x in ("create", "update", "update", "delete")]


def test_races_and_owners(server, name):
    body = {"value": f"{VALUE}-{name}"}
    made = put(server, name, body, **{"Penstock-Owner": "terraform:a"}).json()
    assert put(server, name, body, **{"If-None-Match": "*"}).status_code == 412
    changed = {**body, "description": "x"}
    owned = {"Penstock-Owner": "terraform:a"}
    assert put(server, name, changed, **owned, **{"If-Match": '"old"'}).status_code == 412
    match = {"If-Match": f'"{made["contentHash"]}"'}
    assert put(server, name, changed, **owned, **match).status_code == 200
    for refused in (put(server, name, body), server.api.delete(f"/tokens/{name}")):
        assert refused.status_code == 409
        assert refused.json()["code"] == "foreign-owner"
        assert "terraform:a" in refused.json()["detail"]
    forced = {"Penstock-Force-Owner": "true", "Penstock-Owner": "terraform:b"}
    taken = put(server, name, changed, **forced).json()
    assert (taken["owner"], taken["revision"]) == ("terraform:b", 2), "no new content"
    again = server.api.delete(f"/tokens/{name}", headers={**forced, **match})
    assert again.status_code == 412
    assert server.api.delete(f"/tokens/{name}", headers=forced).status_code == 204


@pytest.mark.parametrize(
    ("body", "path", "words"),
    [
        ({"value": "short"}, "value", "32"),
        ({"value": "ü" * 40}, "value", "random"),
        ({"value": "with a blank " * 4}, "value", "random"),
        ({}, "value", "POST"),
        ({"value": VALUE + "x", "expiresAt": "soon"}, "expiresAt", "time"),
        ({"value": VALUE + "x", "acess": "read"}, "acess", "`access`"),
        ({"value": VALUE + "x", "access": "admin"}, "access", "read"),
    ],
)
def test_mistakes_are_sentences_that_quote_no_value(server, name, body, path, words):
    answer = put(server, name, body)
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["path"] == path
    assert words in answer.json()["detail"]
    assert str(body.get("value")) not in answer.text


def test_a_text_is_one_tokens_only(server, name):
    put(server, name, {"value": f"{VALUE}-{name}"})
    answer = put(server, f"{name}-two", {"value": f"{VALUE}-{name}"})
    assert answer.status_code == 409
    assert VALUE not in answer.text
    assert put(server, "No_Name", {"value": VALUE}).status_code == 422


def test_comparing_tells_drift_and_is_audited(server, name):
    made = put(server, name, {"value": f"{VALUE}-{name}"}).json()
    items = [
        {"name": name, "value": f"{VALUE}-{name}"},
        {"name": name, "value": "other"},
        {"name": f"{name}-gone", "value": VALUE},
    ]
    answer = server.api.post("/tokens:compare", json={"items": items})
    found = answer.json()["items"]
    assert [(each["equal"], each["exists"]) for each in found] == [
        (True, True),
        (False, True),
        (False, False),
    ]
    assert found[0]["fingerprint"] == made["fingerprint"]
    assert VALUE not in answer.text
    events = server.api.get("/audit-events", params={"object": "token", "limit": 1000}).json()
    assert events["items"][-1]["detail"]["tokens"][0] == f"token/{name}"
    wrong = server.api.post("/tokens:compare", json={"items": [{"value": VALUE}]})
    assert wrong.json()["problems"][0]["path"] == "items[0]"
    assert VALUE not in wrong.text


def test_a_token_that_the_server_makes_lasts_as_long_as_asked(server, name):
    made = server.api.post(
        "/tokens", json={"name": name, "ttl": "PT1H", "access": "read", "description": "d"}
    ).json()
    assert made["token"].startswith("pst_")
    assert made["prefix"] == made["token"][:8]
    assert made["expiresAt"] > made["createdAt"]
    assert server.api.post("/tokens", json={"name": name}).status_code == 409
    for wrong in ({"ttl": "1h"}, {"ttl": "PT1H", "expiresAt": "2090-01-01T00:00:00Z"}):
        answer = server.api.post("/tokens", json={"name": f"{name}-two", **wrong})
        assert answer.status_code == 422, answer.text
        assert "ttl" in answer.json()["detail"]


READS = {"/plan", "/state:read", "/flows:validate", "/evidence:read"}


def test_a_token_that_may_only_read_is_refused_every_write(server, ns, name):
    """Of all routes there are: a new one is a write until somebody says that it is none."""
    put(server, name, {"value": f"{VALUE}-{name}", "access": "read"})
    seen = set()
    with client(server, f"{VALUE}-{name}") as reader:
        for router, is_tenantless in routers():
            for route in router.routes:
                if not isinstance(route, APIRoute) or is_tenantless:
                    continue
                path = route.path
                if path.startswith("/webhook"):
                    continue
                for method in route.methods - {"GET", "HEAD"}:
                    real = path.replace("{path:path}", "a").replace("{", "").replace("}", "")
                    answer = reader.request(method, real, json={})
                    seen.add(path)
                    if path in READS:
                        assert answer.status_code in {200, 422}, (path, answer.text)
                    else:
                        assert answer.status_code == 403, (method, path, answer.text)
                        assert "may only read" in answer.json()["detail"]
        assert seen > READS | {"/executions", "/secrets:compare", "/tokens:compare"}
        assert reader.get("/flows").status_code == 200
        # What it could not compare, it cannot find out by planning either.
        server.api.put(f"/secrets/{ns}/KEY", json={"value": "it"})
        plans = []
        for guess in ("it", "other"):
            spec = {"value": guess}
            member = {"kind": "secret", "namespace": ns, "id": "KEY", "spec": spec}
            plans.append(reader.post("/plan", json={"objects": [member]}).json()["objects"])
        assert plans[0] == plans[1]
        tests = reader.post("/plan", json={"objects": [], "tests": True})
        assert tests.status_code == 403
    assert PREFIX.endswith("{tenant}")


def test_nobody_gives_himself_the_scope_of_the_server(server, name):
    put(server, name, {"value": f"{VALUE}-{name}"})
    with client(server, f"{VALUE}-{name}") as theirs:
        for answer in (
            theirs.put("/tokens/admin", json={"value": VALUE}),
            theirs.put(f"/tokens/{name}", json={"scope": "server"}),
            theirs.put(f"/tokens/{name}-two", json={"value": VALUE, "scope": "server"}),
            theirs.post("/tokens", json={"name": f"{name}-two", "scope": "server"}),
            theirs.post("/tokens:compare", json={"items": [{"name": "admin", "value": VALUE}]}),
            theirs.delete("/tokens/admin"),
        ):
            assert answer.status_code in {403, 422}, answer.text
            assert "scope" in answer.json()["detail"]
    assert server.api.get("/tokens/admin").json()["scope"] == "server"
    second = put(server, f"{name}-two", {"value": f"{VALUE}-{name}-2", "scope": "server"})
    assert second.json()["scope"] == "server"
    kept = put(server, f"{name}-two", {"description": "still"})
    assert kept.json()["scope"] == "server"
