"""Operations on executions over HTTP: one at a time, many at once, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

MENDED = """
id: f
namespace: {ns}
inputs:
  - {{id: ok, type: BOOLEAN, defaults: false}}
tasks:
  - {{id: first, type: core.debug.Return, format: "{{{{ uuid() }}}}"}}
  - {{id: broken, type: core.execution.Fail, runIf: "{{{{ inputs.ok == {is_broken} }}}}"}}
  - {{id: last, type: core.log.Log, message: done}}
"""
NAP = """
id: nap
namespace: {ns}
concurrency: {{limit: 1, behavior: QUEUE}}
tasks:
  - {{id: wait, type: core.flow.Sleep, duration: PT1H}}
"""


def failed(server, ns) -> dict:
    server.put_flow(MENDED.format(ns=ns, is_broken="false"))
    ended = server.run(ns, "f")
    assert ended["state"] == "FAILED"
    return ended


def post(server, path: str, body: object = None):
    answer = server.api.post(f"/executions/{path}", json=body)
    assert answer.is_success, answer.text
    return answer.json()


def actions(server, execution_id: str) -> list[str]:
    found = server.api.get("/audit-events", params={"object": f"execution/{execution_id}"})
    return [event["action"] for event in found.json()["items"]]


def start(server, ns: str, flow: str, **more) -> dict:
    return server.api.post("/executions", json={"namespace": ns, "flowId": flow, **more}).json()


def test_a_restart_keeps_what_succeeded(server, ns):
    before = failed(server, ns)
    answer = server.api.post(f"/executions/{before['id']}/restart")
    assert answer.status_code == 200
    assert answer.json()["id"] == before["id"]
    after = server.wait(before["id"])
    assert after["state"] == "FAILED"
    assert after["taskRuns"][0] == before["taskRuns"][0]
    assert len(after["taskRuns"][1]["attempts"]) == 2
    assert after["labels"]["system.restarted"] == "true"
    assert actions(server, before["id"]) == ["execution.create", "execution.restart"]


def test_B21_a_restart_after_a_fix_keeps_outputs_and_records_the_new_revision(server, ns):
    before = failed(server, ns)
    server.put_flow(MENDED.format(ns=ns, is_broken="true"))
    made = post(server, f"{before['id']}/restart", {"revision": 2})
    assert made["id"] != before["id"]
    after = server.wait(made["id"])
    assert after["state"] == "SUCCESS"
    assert (before["flowRevision"], after["flowRevision"]) == (1, 2)
    assert after["flowHash"] == server.api.get(f"/flows/{ns}/f").json()["contentHash"]
    assert after["originalId"] == before["id"]
    assert after["taskRuns"][0]["outputs"] == before["taskRuns"][0]["outputs"]
    assert [run["taskId"] for run in after["taskRuns"]] == ["first", "broken", "last"]
    assert server.api.get(f"/executions/{before['id']}").json()["state"] == "FAILED"
    assert actions(server, made["id"]) == ["execution.restart"]


def test_A27_every_step_has_its_times_and_every_execution_its_source(server, ns):
    server.put_flow(MENDED.format(ns=ns, is_broken="true"))
    server.put_flow(
        f"id: p\nnamespace: {ns}\ntasks:\n"
        f"  - {{id: call, type: core.flow.Subflow, namespace: {ns}, flowId: f}}\n"
    )
    parent = server.run(ns, "p")
    assert parent["state"] == "SUCCESS"
    child = server.api.get("/executions", params={"parentId": parent["id"]}).json()["items"][0]
    again = server.wait(post(server, f"{child['id']}/replay")["id"])
    for found in (parent, server.api.get(f"/executions/{child['id']}").json(), again):
        for name in ("createdAt", "startedAt", "endedAt"):
            assert found[name] is not None
        for name in ("type", "id", "actor"):
            assert found["trigger"][name], name
        assert found["taskRuns"]
        for run in found["taskRuns"]:
            times = [run[name] for name in ("createdAt", "queuedAt", "startedAt", "endedAt")]
            assert None not in times
            assert times == sorted(times)


def test_a_replay_from_a_task_with_other_inputs(server, ns):
    before = failed(server, ns)
    made = post(server, f"{before['id']}/replay", {"taskId": "broken", "inputs": {"ok": True}})
    after = server.wait(made["id"])
    assert after["state"] == "SUCCESS"
    assert after["inputs"] == {"ok": True}
    assert after["taskRuns"][0]["outputs"] == before["taskRuns"][0]["outputs"]
    assert after["labels"]["system.replay"] == "true"
    assert "system.replayed" not in after["labels"]
    original = server.api.get(f"/executions/{before['id']}").json()
    assert original["labels"]["system.replayed"] == "true"
    assert original["state"] == before["state"]
    second = post(server, f"{before['id']}/replay", {"inputs": {"ok": True}})
    assert "system.replayed" not in server.wait(second["id"])["labels"]
    wrong = server.api.post(f"/executions/{before['id']}/replay", json={"inputs": {"ok": [1]}})
    assert (wrong.status_code, wrong.json()["problems"][0]["path"]) == (422, "inputs.ok")


def test_states_and_labels_are_set(server, ns):
    id_ = failed(server, ns)["id"]
    run = server.api.get(f"/executions/{id_}").json()["taskRuns"][1]["id"]
    post(server, f"{id_}/state", {"taskRunId": run, "state": "SUCCESS"})
    assert server.wait(id_)["state"] == "SUCCESS"
    assert post(server, f"{id_}/change-status", {"state": "WARNING"})["state"] == "WARNING"
    labels = post(server, f"{id_}/labels", {"labels": {"a": "b"}})["labels"]
    assert labels == {"a": "b", "system.correlationId": id_, "system.restarted": "true"}


@pytest.mark.parametrize(
    ("operation", "body", "status", "words"),
    [
        ("restart", {"revision": 99}, 404, "has no revision 99"),
        ("restart", {"revison": 1}, 422, "Did you mean `revision`?"),
        ("state", {"taskRunId": "x", "state": "SUCCESS"}, 409, "has no task run 'x'"),
        ("change-status", {"state": "RUNNING"}, 409, "not RUNNING"),
        ("change-status", {"state": "GONE"}, 422, "`state`"),
        ("labels", {"labels": {"system.a": "b"}}, 409, "belongs to the system"),
        ("force-run", None, 409, "can be made to run"),
        ("unqueue", None, 409, "not QUEUED"),
        ("replay", {"taskId": "nobody"}, 422, "has not run"),
        ("replay", [], 422, "must be an object"),
    ],
)
def test_what_cannot_be_gets_a_sentence(server, ns, operation, body, status, words):
    id_ = failed(server, ns)["id"]
    answer = server.api.post(f"/executions/{id_}/{operation}", json=body)
    assert answer.status_code == status, answer.text
    assert words in answer.text
    assert server.api.post(f"/executions/nobody/{operation}", json=body).status_code in {404, 422}


def test_an_execution_is_deleted_when_it_is_over(server, ns):
    server.put_flow(NAP.format(ns=ns))
    id_ = start(server, ns, "nap")["id"]
    refused = server.api.delete(f"/executions/{id_}")
    assert (refused.status_code, "Kill it first" in refused.text) == (409, True)
    server.api.post(f"/executions/{id_}/kill")
    server.wait(id_)
    assert server.api.delete(f"/executions/{id_}").status_code == 204
    for path in ("", "/logs", "/events", "/why", "/task-runs"):
        assert server.api.get(f"/executions/{id_}{path}").status_code == 404
    assert actions(server, id_)[-1] == "execution.delete"


def test_a_queued_execution_is_forced_or_taken_out(server, ns):
    server.put_flow(NAP.format(ns=ns))
    holder, second, third = [start(server, ns, "nap")["id"] for _ in range(3)]
    why = server.api.get(f"/executions/{second}/why").json()
    assert why["state"] == "QUEUED"
    assert why["sentences"] == [
        f"It waits for a slot: 1 executions of {ns}/nap may run at once, and these do: {holder}."
    ]
    assert post(server, f"{second}/force-run")["state"] == "RUNNING"
    gone = post(server, f"{third}/unqueue", {"state": "CANCELLED"})
    assert gone["state"] == "CANCELLED"
    assert "took it out of the queue" in gone["error"]["message"]
    for id_ in (holder, second):
        server.api.post(f"/executions/{id_}/kill")
    assert server.wait(second)["state"] == "KILLED"


def test_a_delayed_execution_waits_for_its_date(server, ns):
    server.put_flow(MENDED.format(ns=ns, is_broken="true"))
    at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    made = start(server, ns, "f", scheduleDate=at)
    assert made["state"] == "CREATED"
    assert "as its schedule date says" in str(
        server.api.get(f"/executions/{made['id']}/why").json()
    )
    assert post(server, f"{made['id']}/force-run")["id"] == made["id"]
    assert server.wait(made["id"])["state"] == "SUCCESS"
    soon = (datetime.now(UTC) + timedelta(seconds=0.3)).isoformat()
    assert server.wait(start(server, ns, "f", scheduleDate=soon)["id"])["state"] == "SUCCESS"
    wrong = server.api.post(
        "/executions", json={"namespace": ns, "flowId": "f", "scheduleDate": "soon"}
    )
    assert wrong.json()["problems"][0]["path"] == "scheduleDate"


def test_why_names_worker_child_and_reason(server, ns):
    server.put_flow(NAP.format(ns=ns))
    server.put_flow(
        f"id: p\nnamespace: {ns}\ntasks:\n"
        f"  - {{id: call, type: core.flow.Subflow, namespace: {ns}, flowId: nap}}\n"
    )
    parent = start(server, ns, "p")["id"]
    child = server.api.get("/executions", params={"parentId": parent}).json()["items"][0]["id"]
    why = server.api.get(f"/executions/{parent}/why").json()
    assert why["sentences"] == [
        f"Task `call` waits for execution {child} of {ns}/nap, which is RUNNING."
    ]
    reason = server.api.get(f"/executions/{child}/why").json()["reasons"][0]
    assert reason["kind"] in {"worker", "free-worker"}
    assert reason["taskRunId"]
    server.api.post(f"/executions/{parent}/kill")
    server.wait(parent)
    ended = server.api.get(f"/executions/{parent}/why").json()["sentences"][0]
    assert "It ended as KILLED" in ended
    assert "killed by token:admin" in ended
    broken = failed(server, ns)["id"]
    sentences = server.api.get(f"/executions/{broken}/why").json()["sentences"]
    assert "It ended as FAILED" in sentences[0]
    assert "Task `broken` failed" in sentences[1]


def test_a_kill_may_leave_the_child(server, ns):
    server.put_flow(NAP.format(ns=ns))
    server.put_flow(
        f"id: p\nnamespace: {ns}\ntasks:\n"
        f"  - {{id: call, type: core.flow.Subflow, namespace: {ns}, flowId: nap}}\n"
    )
    parent = start(server, ns, "p")["id"]
    child = server.api.get("/executions", params={"parentId": parent}).json()["items"][0]["id"]
    post(server, f"{parent}/kill", {"cascade": False})
    assert server.wait(parent)["state"] == "KILLED"
    assert server.api.get(f"/executions/{child}").json()["state"] == "RUNNING"
    post(server, f"{child}/kill")


# -- many ----------------------------------------------------------------------------------


def test_a_preview_changes_nothing(server, ns):
    ids = [failed(server, ns)["id"] for _ in range(2)]
    server.put_flow(NAP.format(ns=ns))
    open_ = start(server, ns, "nap")["id"]
    body = {"operation": "restart", "query": {"namespace": ns}, "dryRun": True}
    answer = post(server, "bulk", body)
    assert [(item["id"], item["outcome"]) for item in answer["items"]] == [
        (ids[0], "possible"),
        (ids[1], "possible"),
        (open_, "refused"),
    ]
    assert "only one that has ended" in answer["items"][2]["error"]
    assert actions(server, ids[0]) == ["execution.create"]
    post(server, f"{open_}/kill")


def test_many_are_restarted_by_query_each_with_its_outcome(server, ns):
    ids = [failed(server, ns)["id"] for _ in range(3)]
    post(server, f"{ids[1]}/change-status", {"state": "SUCCESS"})
    query = {"namespace": ns, "flowId": "f", "states": ["FAILED"]}
    answer = post(server, "bulk", {"operation": "replay", "query": query})
    assert answer["matched"] == answer["done"] == 2
    assert [item["id"] for item in answer["items"]] == [ids[0], ids[2]]
    for item in answer["items"]:
        assert server.wait(item["newId"])["originalId"] == item["id"]
    bulk = server.api.get("/audit-events", params={"object": "execution/*"}).json()["items"]
    assert bulk[-1]["action"] == "execution.bulk.replay"
    assert bulk[-1]["detail"] == {"matched": 2, "done": 2, "query": query}


def test_ids_that_are_not_there_do_not_hold_up_the_others(server, ns):
    id_ = failed(server, ns)["id"]
    answer = post(server, "bulk", {"operation": "delete", "ids": [id_, "nobody", id_]})
    assert [(item["id"], item["outcome"]) for item in answer["items"]] == [
        (id_, "done"),
        ("nobody", "refused"),
    ]
    assert server.api.get(f"/executions/{id_}").status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"operation": "restart"}, 422, "either `ids` or `query`"),
        ({"operation": "restart", "query": {}}, 422, "must say something"),
        ({"operation": "explode", "ids": []}, 422, "The operations are restart"),
        ({"operation": "labels", "ids": ["x"]}, 422, "`labels` is missing"),
        ({"operation": "kill", "query": {"state": "x"}}, 422, "no property `state` here"),
    ],
)
def test_a_wrong_bulk_operation_gets_a_sentence(server, body, status, words):
    answer = server.api.post("/executions/bulk", json=body)
    assert answer.status_code == status, answer.text
    assert words in answer.text


def test_a_query_that_fits_too_many_is_refused(server, ns):
    for _ in range(2):
        failed(server, ns)
    body = {"operation": "delete", "query": {"namespace": ns}, "limit": 1}
    answer = server.api.post("/executions/bulk", json=body)
    assert answer.status_code == 409
    assert "More than 1 executions fit" in answer.text


def test_lists_are_filtered(server, ns):
    server.put_flow(MENDED.format(ns=ns, is_broken="true"))
    start(server, ns, "f", labels={"team": "a", "x.y": 'q"'})
    server.wait(start(server, ns, "f", labels={"team": "b"})["id"])
    middle = datetime.now(UTC).isoformat()
    third = start(server, ns, "f")["id"]

    def found(**filters) -> int:
        answer = server.api.get("/executions", params={"namespace": ns, **filters})
        assert answer.status_code == 200, answer.text
        return len(answer.json()["items"])

    assert found(label="team:a") == 1
    assert found(label=["team:a", 'x.y:q"']) == 1
    assert found(label=["team:a", "x.y:z"]) == 0
    assert found(createdAfter=middle) == 1
    assert found(createdBefore=middle) == 2
    assert found(trigger="api") == 3
    assert found(trigger="nobody") == 0
    assert found(topLevel=False) == 0
    server.wait(third)
    assert found(state=["SUCCESS", "FAILED"]) == 3
    assert found(state="FAILED") == 0
    wrong = server.api.get("/executions", params={"label": "team"})
    assert (wrong.status_code, "`key:value`" in wrong.text) == (422, True)


def test_task_runs_come_in_pages(server, ns):
    tasks = "".join(f"  - {{id: t{n}, type: core.log.Log, message: x}}\n" for n in range(250))
    server.put_flow(f"id: long\nnamespace: {ns}\ntasks:\n{tasks}")
    found = server.run(ns, "long")
    assert (len(found["taskRuns"]), found["taskRunCount"]) == (100, 250)
    page = server.api.get(
        f"/executions/{found['id']}/task-runs",
        params={"cursor": found["nextTaskRunCursor"], "limit": 30},
    ).json()
    assert [run["taskId"] for run in page["items"]] == [f"t{n}" for n in range(100, 130)]
    last = server.api.get(
        f"/executions/{found['id']}/task-runs", params={"cursor": page["nextCursor"]}
    ).json()
    assert [run["taskId"] for run in last["items"]] == [f"t{n}" for n in range(130, 230)]
    end = server.api.get(
        f"/executions/{found['id']}/task-runs", params={"cursor": last["nextCursor"]}
    ).json()
    assert [run["taskId"] for run in end["items"]] == [f"t{n}" for n in range(230, 250)]
    assert end["nextCursor"] is None


PAUSED = """
id: ask
namespace: {ns}
tasks:
  - id: approve
    type: core.flow.Pause
    onResume:
      - {{id: reason, type: STRING}}
      - {{id: count, type: INT, max: 5}}
  - {{id: say, type: core.debug.Return, format: "{{{{ outputs.approve.onResume.reason }}}}"}}
"""


def test_a_paused_execution_is_resumed_with_what_it_asks_for(server, ns):
    server.put_flow(PAUSED.format(ns=ns))
    id_ = start(server, ns, "ask")["id"]
    assert server.api.get(f"/executions/{id_}").json()["state"] == "PAUSED"
    assert "waits for somebody who resumes it" in server.api.get(f"/executions/{id_}/why").text
    wrong = {"inputs": {"reason": "ok", "count": 9}}
    for path in ("resume/validate", "resume"):
        answer = server.api.post(f"/executions/{id_}/{path}", json=wrong)
        assert (answer.status_code, "count" in answer.text) == (422, True), answer.text
        answer = server.api.post(f"/executions/{id_}/{path}", json={"inputs": {"what": 1}})
        assert "does not ask for `what`" in answer.text
    right = {"inputs": {"reason": "fine", "count": 2}}
    assert post(server, f"{id_}/resume/validate", right) == {"valid": True}
    assert server.api.get(f"/executions/{id_}").json()["state"] == "PAUSED"
    post(server, f"{id_}/resume", right)
    ended = server.wait(id_)
    assert ended["state"] == "SUCCESS"
    assert ended["taskRuns"][-1]["outputs"]["value"] == "fine"
    event = server.api.get("/audit-events", params={"object": f"execution/{id_}"}).json()["items"]
    assert event[-1]["detail"] == {"inputs": ["count", "reason"]}
    assert server.api.post(f"/executions/{id_}/resume").status_code == 409


def test_an_execution_is_paused_by_hand(server, ns):
    server.put_flow(NAP.format(ns=ns))
    id_ = start(server, ns, "nap")["id"]
    assert post(server, f"{id_}/pause")["state"] == "PAUSED"
    assert "token:admin has paused it" in server.api.get(f"/executions/{id_}/why").text
    assert server.api.post(f"/executions/{id_}/pause").status_code == 409
    assert post(server, f"{id_}/force-run")["state"] == "RUNNING"
    post(server, f"{id_}/kill")


def test_an_execution_stands_at_its_breakpoints(server, ns):
    server.put_flow(MENDED.format(ns=ns, is_broken="true"))
    id_ = start(server, ns, "f", breakpoints=["broken"])["id"]
    found = server.api.get(f"/executions/{id_}").json()
    assert (found["state"], found["breakpoints"]) == ("BREAKPOINT", ["broken"])
    why = server.api.get(f"/executions/{id_}/why").json()["sentences"]
    assert why == ["Task `broken` stands at a breakpoint."]
    post(server, f"{id_}/resume-from-breakpoint", {"breakpoints": ["last"]})
    assert server.api.get(f"/executions/{id_}").json()["state"] == "BREAKPOINT"
    post(server, f"{id_}/force-run")
    assert server.wait(id_)["state"] == "SUCCESS"
    made = post(server, f"{id_}/replay", {"taskId": "broken", "breakpoints": ["last"]})["id"]
    post(server, f"{made}/resume-from-breakpoint")
    assert server.wait(made)["state"] == "SUCCESS"
