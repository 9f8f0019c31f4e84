"""Sets: plan, apply, state. One transaction, any order, nothing half-written."""

from __future__ import annotations

import random

import pytest


def flow(ns: str, name: str, tasks: str, inputs: str = "") -> dict:
    source = f"id: {name}\nnamespace: {ns}\n{inputs}tasks:\n{tasks}"
    return {"kind": "flow", "namespace": ns, "id": name, "spec": {"source": source}}


LOG = "  - id: say\n    type: core.log.Log\n    message: hi\n"


def subflow(ns: str, name: str, inputs: str = "") -> str:
    text = f"  - id: call\n    type: core.flow.Subflow\n    namespace: {ns}\n    flowId: {name}\n"
    return text + (f"    inputs:\n{inputs}" if inputs else "")


def secret_task(key: str) -> str:
    return f"  - id: a\n    type: core.debug.Return\n    format: \"{{{{ secret('{key}') }}}}\"\n"


def whole(ns: str) -> list[dict]:
    return [
        {"kind": "namespace", "namespace": ns, "spec": {"variables": {"host": "h"}}},
        {"kind": "secret", "namespace": ns, "id": "KEY", "spec": {"value": "v"}},
        flow(ns, "child", secret_task("KEY")),
        flow(ns, "parent", subflow(ns, "child")),
        flow(
            ns,
            "reader",
            '  - id: a\n    type: core.log.Log\n    message: "{{ namespace.host }}"\n',
        ),
        {
            "kind": "schedule",
            "namespace": ns,
            "id": "s",
            "spec": {"flowId": "parent", "cron": "0 6 * * *"},
        },
    ]


@pytest.mark.parametrize("seed", range(5))
def test_a_complete_set_applies_in_any_order_and_its_second_plan_is_empty(server, ns, seed):
    objects = whole(ns)
    random.Random(seed).shuffle(objects)
    body = {"objects": objects, "complete": True}
    plan = server.api.post("/plan", json=body).json()
    assert plan["valid"], plan["problems"]
    assert {each["action"] for each in plan["objects"]} == {"create"}
    applied = server.api.post("/apply", json={**body, "planToken": plan["planToken"]})
    assert applied.status_code == 200, applied.text
    hashes = {each["ref"]: each["contentHash"] for each in plan["objects"]}
    assert {each["ref"]: each["contentHash"] for each in applied.json()["objects"]} == hashes
    second = server.api.post("/plan", json=body).json()
    assert {each["action"] for each in second["objects"]} == {"none"}
    assert all(each["diff"] == "" for each in second["objects"])


def test_a_failed_apply_leaves_nothing_half_written(server, ns):
    before = server.api.get("/audit-events", params={"limit": 1000}).json()["items"]
    objects = [*whole(ns), flow(ns, "broken", "  - id: a\n    type: core.log.Lgo\n")]
    failed = server.api.post("/apply", json={"objects": objects})
    assert failed.status_code == 422
    problems = failed.json()["problems"]
    assert {each["object"] for each in problems} == {f"flow/{ns}/broken"}
    assert server.api.get("/state", params={"namespaces": ns}).json()["objects"] == []
    assert server.api.get("/audit-events", params={"limit": 1000}).json()["items"] == before


def test_what_dangles_is_a_warning_alone_and_an_error_in_a_complete_set(server, ns):
    cases = [
        (flow(ns, "a", subflow(ns, "nowhere")), "unknown-subflow", "tasks[0].flowId", 7),
        (flow(ns, "b", secret_task("NOPE")), "missing-secret", "tasks[0].format", 6),
        (
            flow(ns, "c", '  - id: a\n    type: core.log.Log\n    message: "{{ namespace.no }}"\n'),
            "missing-variable",
            "tasks[0].message",
            6,
        ),
        (
            {
                "kind": "schedule",
                "namespace": ns,
                "id": "s",
                "spec": {"flowId": "x", "cron": "@daily"},
            },
            "unknown-flow",
            "flowId",
            None,
        ),
    ]
    for member, code, path, line in cases:
        alone = server.api.post("/apply", json={"objects": [member]})
        assert alone.status_code == 200, alone.text
        (warning,) = alone.json()["warnings"]
        assert (warning["code"], warning["path"], warning["line"], warning["severity"]) == (
            code,
            path,
            line,
            "warning",
        )
        complete = server.api.post("/apply", json={"objects": [member], "complete": True})
        assert complete.status_code == 422
        (error,) = complete.json()["problems"]
        assert (error["code"], error["severity"]) == (code, "error")


def test_names_that_are_nearly_right_are_suggested(server, ns):
    server.api.post("/apply", json={"objects": whole(ns)})
    for member, nearest in (
        (flow(ns, "x", subflow(ns, "chidl")), "child"),
        (flow(ns, "x", secret_task("KEYY")), "KEY"),
    ):
        plan = server.api.post("/plan", json={"objects": [member]}).json()
        assert f"`{nearest}`" in plan["problems"][0]["hint"]


INPUT = "inputs:\n  - id: day\n    type: STRING\n  - id: n\n    type: INT\n    defaults: 1\n"


@pytest.mark.parametrize(
    ("given", "path", "words"),
    [
        ("", "tasks[0].inputs.day", "needs the input `day`"),
        ("      day: x\n      dya: y\n", "tasks[0].inputs.dya", "no input `dya`"),
        ("      day: x\n      n: many\n", "tasks[0].inputs.n", "`n`"),
    ],
)
def test_a_subflows_inputs_are_held_against_the_childs(server, ns, given, path, words):
    objects = [flow(ns, "child", LOG, INPUT), flow(ns, "parent", subflow(ns, "child", given))]
    plan = server.api.post("/plan", json={"objects": objects, "complete": True}).json()
    assert not plan["valid"]
    (problem,) = plan["problems"]
    assert (problem["code"], problem["path"]) == ("subflow-inputs", path)
    assert problem["object"] == f"flow/{ns}/parent"
    assert problem["line"] is not None
    assert words in problem["message"]


def test_expressions_in_a_subflows_inputs_are_taken_to_fit(server, ns):
    given = '      day: "{{ execution.startDate }}"\n      n: "{{ 1 + 1 }}"\n'
    objects = [flow(ns, "child", LOG, INPUT), flow(ns, "parent", subflow(ns, "child", given))]
    assert server.api.post("/plan", json={"objects": objects, "complete": True}).json()["valid"]


def test_removing_an_input_that_a_caller_uses_names_the_caller(server, ns):
    objects = [
        flow(ns, "child", LOG, INPUT),
        flow(ns, "parent", subflow(ns, "child", "      day: x\n")),
    ]
    server.api.post("/apply", json={"objects": objects})
    changed = {"objects": [flow(ns, "child", LOG)]}
    (planned,) = server.api.post("/plan", json=changed).json()["objects"]
    assert planned["callers"] == [f"{ns}/parent"]
    (problem,) = planned["problems"]
    assert problem["code"] == "caller-inputs"
    assert f"{ns}/parent" in problem["message"]
    assert server.api.post("/apply", json={**changed, "complete": True}).status_code == 422
    both = {"objects": [flow(ns, "child", LOG), flow(ns, "parent", subflow(ns, "child"))]}
    assert server.api.post("/apply", json={**both, "complete": True}).status_code == 200


def test_a_plan_shows_diff_revision_next_fires_and_what_runs(server, ns):
    waits = "  - id: wait\n    type: core.flow.Sleep\n    duration: PT1H\n"
    server.api.post("/apply", json={"objects": [flow(ns, "f", waits)]})
    body = {"namespace": ns, "flowId": "f"}
    running = server.api.post("/executions", json=body).json()["id"]
    trigger = '  - id: t\n    type: core.trigger.Schedule\n    cron: "0 6 * * *"\n'
    changed = flow(ns, "f", LOG + "triggers:\n" + trigger)
    (planned,) = server.api.post("/plan", json={"objects": [changed]}).json()["objects"]
    server.api.post(f"/executions/{running}/kill")
    assert planned["action"] == "update"
    assert planned["revision"] == 2
    assert planned["normalised"] == {"namespace": ns, "id": "f"}
    assert "-    duration: PT1H" in planned["diff"].splitlines()
    assert "+    message: hi" in planned["diff"].splitlines()
    assert planned["runningExecutions"] == 1
    assert len(planned["nextFires"]) == 5
    assert all(at.endswith("T06:00:00Z") for at in planned["nextFires"])
    assert planned["summary"].startswith(f"change flow/{ns}/f: ")


def test_an_old_plan_token_is_a_conflict(server, ns):
    body = {"objects": [flow(ns, "f", LOG)]}
    token = server.api.post("/plan", json=body).json()["planToken"]
    server.api.post("/apply", json={"objects": [flow(ns, "f", LOG.replace("hi", "ho"))]})
    late = server.api.post("/apply", json={**body, "planToken": token})
    assert (late.status_code, late.json()["code"]) == (409, "conflict")
    fresh = server.api.post("/plan", json=body).json()["planToken"]
    assert server.api.post("/apply", json={**body, "planToken": fresh}).status_code == 200


def test_members_carry_their_own_preconditions(server, ns):
    (made,) = server.api.post("/apply", json={"objects": [flow(ns, "f", LOG)]}).json()["objects"]
    other = flow(ns, "f", LOG.replace("hi", "ho"))
    stale = server.api.post("/apply", json={"objects": [{**other, "ifMatch": "0" * 64}]})
    assert stale.status_code == 412
    assert made["contentHash"] in stale.json()["detail"]
    new_only = server.api.post("/apply", json={"objects": [{**other, "ifNoneMatch": True}]})
    assert new_only.status_code == 412
    good = {**other, "ifMatch": made["contentHash"]}
    assert server.api.post("/apply", json={"objects": [good]}).status_code == 200


def test_unknown_values_are_planned_around_and_never_applied(server, ns):
    unknown = {"$unknown": True}
    server.api.post("/apply", json={"objects": [flow(ns, "f", LOG)]})
    objects = [
        {"kind": "flow", "namespace": ns, "id": "g", "spec": {"source": unknown}},
        {"kind": "secret", "namespace": ns, "id": "K", "spec": {"value": unknown}},
        {
            "kind": "schedule",
            "namespace": ns,
            "id": "s",
            "spec": {"flowId": "f", "cron": "bad", "timezone": unknown},
        },
        flow(ns, "h", subflow(ns, "g") + secret_task("K").replace("id: a", "id: b")),
    ]
    plan = server.api.post("/plan", json={"objects": objects, "complete": True}).json()
    assert [each["code"] for each in plan["problems"]] == ["invalid-cron"]
    refused = server.api.post("/apply", json={"objects": objects[:2]})
    assert refused.status_code == 422
    assert {each["code"] for each in refused.json()["problems"]} == {"unknown-value"}


def test_a_plan_of_a_secret_may_leave_the_value_out(server, ns):
    member = {"kind": "secret", "namespace": ns, "id": "K", "spec": {}}
    (planned,) = server.api.post("/plan", json={"objects": [member]}).json()["objects"]
    assert (planned["action"], planned["contentHash"], planned["problems"]) == ("create", None, [])
    server.api.put(f"/secrets/{ns}/K", json={"value": "v"})
    (planned,) = server.api.post("/plan", json={"objects": [member]}).json()["objects"]
    assert planned["action"] == "none"
    assert server.api.put(f"/secrets/{ns}/L", json={}).status_code == 422


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ([], "", "wrong-type"),
        ({"objects": {}}, "objects", "wrong-type"),
        ({"object": []}, "object", "unknown-property"),
        ({"objects": [{"kind": "flwo"}]}, "objects[0].kind", "unknown-kind"),
        ({"objects": [{"kind": "flow", "namespace": 1}]}, "objects[0].namespace", "wrong-type"),
        (
            {"objects": [{"kind": "flow", "namespace": "a", "id": "b"}]},
            "objects[0].spec",
            "wrong-type",
        ),
        ({"deletes": [{"kind": "flow", "namespace": "a"}]}, "deletes[0].id", "wrong-type"),
        ({"complete": "yes"}, "complete", "wrong-type"),
        (
            {"objects": [{"kind": "namespace", "namespace": "a", "spec": {}}] * 2},
            "",
            "duplicate-object",
        ),
    ],
)
def test_a_set_that_is_none_is_refused_with_its_path(server, body, path, code):
    for action in ("/plan", "/apply"):
        answer = server.api.post(action, json=body)
        assert answer.status_code == 422
        first = answer.json()["problems"][0]
        assert (first["path"], first["code"]) == (path, code)


def test_state_reads_all_of_some_kinds_at_once(server, ns):
    server.api.post("/apply", json={"objects": whole(ns)})
    query = {"kinds": "flow,schedule", "namespaces": ns}
    answer = server.api.get("/state", params=query, headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    found = [(each["kind"], each.get("id")) for each in answer.json()["objects"]]
    assert found == [("flow", "child"), ("flow", "parent"), ("flow", "reader"), ("schedule", "s")]
    etag = {"if-none-match": answer.headers["etag"]}
    assert server.api.get("/state", params=query, headers=etag).status_code == 304
    server.api.put(f"/schedules/{ns}/s", json={"flowId": "child", "cron": "@daily"})
    assert server.api.get("/state", params=query, headers=etag).status_code == 200
    assert server.api.get("/state", params={"kinds": "flwo"}).status_code == 422


def test_named_objects_are_read_in_the_order_of_the_request(server, ns):
    server.api.post("/apply", json={"objects": whole(ns)})
    asked = [
        {"kind": "flow", "namespace": ns, "id": "parent"},
        {"kind": "flow", "namespace": ns, "id": "nowhere"},
        {"kind": "namespace", "namespace": ns},
        {"kind": "secret", "namespace": ns, "id": "KEY"},
    ]
    found = server.api.post("/state:read", json={"objects": asked}).json()["objects"]
    assert [each["ref"] for each in found] == [
        f"flow/{ns}/parent",
        f"flow/{ns}/nowhere",
        f"namespace/{ns}",
        f"secret/{ns}/KEY",
    ]
    assert found[1]["object"] is None
    assert found[0]["object"] == server.api.get(f"/flows/{ns}/parent").json()
    assert "value" not in found[3]["object"]


def test_the_state_says_who_wrote_each_object_last(server, ns):
    actor = server.api.get("/whoami").json()["actor"]
    server.api.put(f"/namespaces/{ns}", json={})
    server.api.put(f"/files/{ns}/sql/a", json={"content": "a"})
    server.api.put(f"/kv/{ns}/k", json={"value": 1})
    asked = {"namespaces": ns, "actors": "true"}
    found = server.api.get("/state", params=asked).json()
    assert found["actors"] == dict.fromkeys(
        [f"namespace/{ns}", f"kv/{ns}/k", f"file/{ns}/sql/a"], actor
    )
    assert "actors" not in server.api.get("/state", params={"namespaces": ns}).json()
