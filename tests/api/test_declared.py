"""Declared objects: idempotent PUT, ETag, If-Match, dry-run, delete, paging, owners."""

from __future__ import annotations

import pytest


def flow_text(ns: str, name: str = "thing", message: str = "hi") -> str:
    return (
        f"id: {name}\nnamespace: {ns}\ntasks:\n"
        f"  - id: say\n    type: core.log.Log\n    message: {message}\n"
    )


def bodies(kind: str, ns: str) -> tuple[str, dict, dict]:
    """Path, a body, and a different one."""
    if kind == "namespace":
        return f"/namespaces/{ns}", {"variables": {"a": [1, None]}}, {"variables": {"a": 2}}
    if kind == "flow":
        path = f"/flows/{ns}/thing"
        return path, {"source": flow_text(ns)}, {"source": flow_text(ns, message="ho")}
    if kind == "secret":
        return f"/secrets/{ns}/KEY", {"value": "first"}, {"value": "second"}
    if kind == "kv":
        return f"/kv/{ns}/KEY", {"value": [1, {"a": None}]}, {"value": None, "ttl": "P1D"}
    if kind == "test":
        text = f"id: checks\nnamespace: {ns}\nflowId: thing\ncases:\n  - id: one\n"
        return f"/tests/{ns}/checks", {"source": text}, {"source": text + "  - id: two\n"}
    one = {"flowId": "thing", "cron": "0 6 * * *", "timezone": "Europe/Berlin"}
    return f"/schedules/{ns}/morning", one, {**one, "disabled": True}


KINDS = ["namespace", "flow", "secret", "kv", "schedule", "test"]


def audited(server, ns: str) -> int:
    items = server.api.get("/audit-events", params={"limit": 1000}).json()["items"]
    return sum(ns in event["object"] for event in items)


@pytest.mark.parametrize("kind", KINDS)
def test_D22_all_collections_are_declarative(server, ns, kind):
    path, body, other = bodies(kind, ns)
    ref = {"kind": kind, "namespace": ns, "id": path.rpartition("/")[2], "spec": body}
    if kind == "namespace":
        del ref["id"]

    planned = server.api.post("/plan", json={"objects": [ref]}).json()
    assert planned["valid"]
    assert planned["objects"][0]["action"] == "create"
    assert server.api.get(path).status_code == 404, "a plan writes nothing"

    created = server.api.put(path, json=body)
    assert created.status_code == 201, created.text
    first = created.json()
    assert created.headers["etag"] == f'"{first["contentHash"]}"'
    assert planned["objects"][0]["contentHash"] == first["contentHash"]
    assert (first["kind"], first["owner"], first["revision"]) == (kind, "api", 1)

    events = audited(server, ns)
    again = server.api.put(path, json=body)
    assert again.status_code == 200
    assert again.json() | {"warnings": 0} == first | {"warnings": 0}, (
        "twice the same writes nothing"
    )
    assert audited(server, ns) == events == 1

    assert (
        server.api.post("/plan", json={"objects": [ref]}).json()["objects"][0]["action"] == "none"
    )
    changed = server.api.put(path, json=other)
    assert changed.status_code == 200
    assert changed.json()["revision"] == 2
    assert changed.json()["contentHash"] != first["contentHash"]
    assert audited(server, ns) == 2

    read = server.api.get(path)
    assert read.json() | {"warnings": 0} == changed.json() | {"warnings": 0}
    etag = read.headers["etag"]
    assert server.api.get(path, headers={"if-none-match": etag}).status_code == 304
    assert server.api.delete(path).status_code == 204
    gone = server.api.delete(path)
    assert gone.status_code == 404
    assert gone.json()["code"] == "not-found"


@pytest.mark.parametrize("kind", KINDS)
def test_a_lost_race_answers_412_with_the_current_hash(server, ns, kind):
    path, body, other = bodies(kind, ns)
    old = server.api.put(path, json=body).headers["etag"]
    new = server.api.put(path, json=other, headers={"if-match": old})
    assert new.status_code == 200
    lost = server.api.put(path, json=body, headers={"if-match": old})
    assert lost.status_code == 412
    problem = lost.json()
    assert problem["code"] == "precondition-failed"
    assert new.json()["contentHash"] in problem["detail"]
    assert server.api.delete(path, headers={"if-match": old}).status_code == 412
    assert server.api.put(path, json=body, headers={"if-none-match": "*"}).status_code == 412
    assert server.api.get(path).json()["contentHash"] == new.json()["contentHash"]
    assert server.api.delete(path, headers={"if-match": new.headers["etag"]}).status_code == 204
    assert server.api.put(path, json=body, headers={"if-match": old}).status_code == 412


@pytest.mark.parametrize("kind", KINDS)
def test_D28_another_owner_is_refused_and_named(server, ns, kind):
    path, body, other = bodies(kind, ns)
    mine = {"penstock-owner": "terraform:prod"}
    assert server.api.put(path, json=body, headers=mine).json()["owner"] == "terraform:prod"
    for refused in (
        server.api.put(path, json=other),
        server.api.put(path, json=body),
        server.api.delete(path, headers={"penstock-owner": "terraform:dev"}),
    ):
        assert refused.status_code == 409
        assert refused.json()["code"] == "foreign-owner"
        assert "terraform:prod" in refused.json()["detail"]
    kept = server.api.get(path).json()
    assert (kept["owner"], kept["revision"]) == ("terraform:prod", 1)
    ref = {"kind": kind, "namespace": ns, "id": kept.get("id", kept.get("key")), "spec": other}
    plan = server.api.post("/plan", json={"objects": [ref]}).json()
    assert not plan["valid"]
    assert plan["problems"][0]["code"] == "foreign-owner"


@pytest.mark.parametrize("kind", KINDS)
def test_D28_a_forced_take_over_is_audited_and_makes_no_revision(server, ns, kind):
    path, body, _ = bodies(kind, ns)
    server.api.put(path, json=body, headers={"penstock-owner": "terraform:a"})
    forced = {"penstock-owner": "terraform:b", "penstock-force-owner": "true"}
    taken = server.api.put(path, json=body, headers=forced)
    assert taken.status_code == 200
    assert (taken.json()["owner"], taken.json()["revision"]) == ("terraform:b", 1)
    events = server.api.get("/audit-events", params={"limit": 1000}).json()["items"]
    last = [event for event in events if ns in event["object"]][-1]
    assert last["detail"] == {"takenOverFrom": "terraform:a"}
    assert last["owner"] == "terraform:b"


def test_D28_deleting_one_owners_objects_leaves_the_others(server, ns):
    for name, owner in (("mine", "terraform:a"), ("theirs", "terraform:b")):
        server.put_flow(flow_text(ns, name), **{"penstock-owner": owner})
    deletes = [{"kind": "flow", "namespace": ns, "id": name} for name in ("mine", "theirs")]
    headers = {"penstock-owner": "terraform:a"}
    both = server.api.post("/apply", json={"deletes": deletes}, headers=headers)
    assert both.status_code == 409
    assert server.api.get(f"/flows/{ns}/mine").status_code == 200, "nothing is half-done"
    assert server.api.post("/apply", json={"deletes": deletes[:1]}, headers=headers).is_success
    left = server.api.get("/flows", params={"namespace": ns}).json()["items"]
    assert [flow["id"] for flow in left] == ["theirs"]


def test_a_flows_text_is_kept_byte_for_byte(server, ns):
    text = f"# käse ☕\r\nid:   odd\nnamespace: {ns}   # here\ntasks:\n- {{id: a, type: core.log.Log, message: x}}\n\n\n"
    path = f"/flows/{ns}/odd"
    put = server.api.put(path, content=text.encode(), headers={"content-type": "application/yaml"})
    assert put.status_code == 201, put.text
    found = server.api.get(path).json()
    assert found["source"] == text
    import hashlib

    assert found["contentHash"] == hashlib.sha256(text.encode()).hexdigest()


def test_revision_numbers_go_on_after_a_deletion(server, ns):
    server.put_flow(flow_text(ns))
    server.put_flow(flow_text(ns, message="two"))
    path = f"/flows/{ns}/thing"
    server.api.delete(path)
    assert server.api.get(path).status_code == 404
    assert server.api.get(path, params={"revision": 1}).json()["source"] == flow_text(ns)
    again = server.put_flow(flow_text(ns))
    assert (again.status_code, again.json()["revision"]) == (201, 4)
    history = server.api.get(f"{path}/revisions").json()["items"]
    assert [(each["revision"], each["deleted"]) for each in history] == [
        (4, False),
        (3, True),
        (2, False),
        (1, False),
    ]
    assert server.api.get(path, params={"revision": 3}).status_code == 404


def test_a_secrets_version_counts_values_and_its_revision_changes(server, ns):
    path = f"/secrets/{ns}/KEY"
    assert server.api.put(path, json={"value": "one"}).json()["version"] == 1
    described = server.api.put(path, json={"value": "one", "description": "for x"}).json()
    assert (described["version"], described["revision"]) == (1, 2)
    rotated = server.api.put(path, json={"value": "two", "description": "for x"}).json()
    assert (rotated["version"], rotated["revision"]) == (2, 3)
    assert rotated["fingerprint"] != described["fingerprint"]


def test_lists_are_paged_and_filtered_by_namespace_and_those_below(server, ns):
    for name in ("a", "b", "c"):
        server.put_flow(flow_text(ns, name))
    server.put_flow(flow_text(f"{ns}.sub", "d"))
    server.put_flow(flow_text(f"{ns}x", "other"))
    seen, cursor = [], None
    while True:
        query = {"namespace": ns, "limit": 3} | ({"cursor": cursor} if cursor else {})
        page = server.api.get("/flows", params=query).json()
        seen += [(flow["namespace"], flow["id"]) for flow in page["items"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert seen == [(ns, "a"), (ns, "b"), (ns, "c"), (f"{ns}.sub", "d")]
    assert server.api.get("/flows", params={"cursor": "nonsense"}).status_code == 422
    assert server.api.get("/flows", params={"limit": 0}).json()["problems"][0]["path"] == "limit"


def test_provenance_is_kept_and_never_part_of_equality(server, ns):
    sent = {
        "penstock-source-repository": "https://git.example/x",
        "penstock-source-commit": "abc123",
        "penstock-source-path": "flows/thing.yaml",
        "penstock-source-dirty": "false",
        "penstock-run-id": "77",
    }
    first = server.put_flow(flow_text(ns), **sent).json()
    assert first["provenance"]["commit"] == "abc123"
    assert first["provenance"]["dirty"] is False
    later = server.put_flow(flow_text(ns), **{"penstock-source-commit": "def"}).json()
    assert (later["revision"], later["provenance"]["commit"]) == (1, "abc123")
    ran = server.run(ns, "thing")
    assert ran["source"] == {"repository": "https://git.example/x", "commit": "abc123"}
    event = server.api.get("/audit-events", params={"object": f"flow/{ns}/thing"}).json()["items"]
    assert [each["provenance"]["runId"] for each in event] == ["77"]


def test_in_use_is_refused_with_the_users_by_name(server, ns):
    server.api.put(f"/secrets/{ns}/KEY", json={"value": "v"})
    server.put_flow(
        f"id: child\nnamespace: {ns}\ntasks:\n"
        "  - id: a\n    type: core.debug.Return\n    format: \"{{ secret('KEY') }}\"\n"
    )
    server.put_flow(
        f"id: parent\nnamespace: {ns}\ntasks:\n  - id: call\n    type: core.flow.Subflow\n"
        f"    namespace: {ns}\n    flowId: child\n"
    )
    server.api.put(f"/schedules/{ns}/s", json={"flowId": "child", "cron": "@daily"})
    server.api.put(f"/namespaces/{ns}", json={})
    used = server.api.delete(f"/flows/{ns}/child").json()
    assert used["code"] == "in-use"
    assert {each["message"].split(" ")[0] for each in used["problems"]} == {
        f"flow/{ns}/parent",
        f"schedule/{ns}/s",
    }
    assert f"flow/{ns}/child" in server.api.delete(f"/secrets/{ns}/KEY").json()["detail"]
    assert len(server.api.delete(f"/namespaces/{ns}").json()["problems"]) == 4
    # Another secret of that name above makes this one free to go.
    above = ns.rpartition(".")[0]
    server.api.put(f"/secrets/{above}/KEY", json={"value": "w"})
    assert server.api.delete(f"/secrets/{ns}/KEY").status_code == 204
    deletes = [
        {"kind": "flow", "namespace": ns, "id": "child"},
        {"kind": "flow", "namespace": ns, "id": "parent"},
        {"kind": "schedule", "namespace": ns, "id": "s"},
        {"kind": "secret", "namespace": above, "id": "KEY"},
        {"kind": "namespace", "namespace": ns},
    ]
    together = server.api.post("/apply", json={"deletes": deletes})
    assert together.status_code == 200, together.text
    assert {each["action"] for each in together.json()["objects"]} == {"delete"}


def test_of_many_that_saw_the_same_content_one_wins(server, ns):
    from concurrent.futures import ThreadPoolExecutor

    path = f"/namespaces/{ns}"
    etag = server.api.put(path, json={}).headers["etag"]

    def write(number: int) -> int:
        body = {"variables": {"n": number}}
        return server.api.put(path, json=body, headers={"if-match": etag}).status_code

    with ThreadPoolExecutor(8) as pool:
        found = sorted(pool.map(write, range(16)))
    assert found == [200] + [412] * 15
    assert server.api.get(path).json()["revision"] == 2


def test_a_write_whose_answer_was_lost_may_be_repeated(server, ns):
    seen = server.put_flow(flow_text(ns)).headers["etag"]
    mine = {"if-match": seen}
    assert server.put_flow(flow_text(ns, message="two"), **mine).json()["revision"] == 2
    again = server.put_flow(flow_text(ns, message="two"), **mine)
    assert again.status_code == 200
    assert again.json()["revision"] == 2
    assert server.put_flow(flow_text(ns, message="three"), **mine).status_code == 412
