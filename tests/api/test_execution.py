"""Executions over HTTP: start, read, page, follow, kill, evidence."""

from __future__ import annotations

import json

import pytest


def log_flow(ns: str, name: str = "f", lines: int = 1, inputs: str = "") -> str:
    tasks = "".join(
        f"  - id: t{n}\n    type: core.log.Log\n    message: line {n}\n" for n in range(lines)
    )
    return f"id: {name}\nnamespace: {ns}\n{inputs}tasks:\n{tasks}"


SLEEP = "  - id: wait\n    type: core.flow.Sleep\n    duration: PT1H\n"


def sleeping(ns: str) -> str:
    return f"id: f\nnamespace: {ns}\ntasks:\n{SLEEP}"


def events(server, execution_id: str, last: str | None = None) -> list[tuple[str, str, dict]]:
    headers = {} if last is None else {"last-event-id": last}
    found = []
    with server.api.stream("GET", f"/executions/{execution_id}/follow", headers=headers) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        text = stream.read().decode()
    for block in text.split("\n\n"):
        fields = dict(
            line.split(": ", 1) for line in block.splitlines() if not line.startswith(":")
        )
        if fields:
            found.append((fields["event"], fields["id"], json.loads(fields["data"])))
    return found


def test_an_execution_is_accepted_and_read_to_its_end(server, ns):
    server.put_flow(log_flow(ns, lines=2))
    body = {"namespace": ns, "flowId": "f", "labels": {"team": "x"}}
    made = server.api.post("/executions", json=body)
    assert made.status_code == 201
    accepted = made.json()
    assert made.headers["location"] == f"/api/v1/tenants/main/executions/{accepted['id']}"
    ended = server.wait(accepted["id"])
    assert ended["state"] == "SUCCESS"
    assert ended["labels"]["team"] == "x"
    assert ended["flowRevision"] == 1
    assert ended["flowHash"] == server.api.get(f"/flows/{ns}/f").json()["contentHash"]
    assert ended["trigger"]["actor"] == "token:admin"
    assert [run["taskId"] for run in ended["taskRuns"]] == ["t0", "t1"]
    assert set(ended) == {
        *("id", "tenant", "namespace", "flowId", "flowRevision", "flowHash", "state"),
        *("stateHistory", "inputs", "outputs", "labels", "variables", "trigger", "source"),
        *("createdAt", "startedAt", "endedAt", "parentId", "originalId", "taskRuns", "error"),
        *("taskRunCount", "nextTaskRunCursor", "scheduleDate", "breakpoints", "metadata"),
    }
    history = server.api.get(f"/executions/{accepted['id']}/events").json()["items"]
    assert history[0]["state"] == "CREATED"
    assert history[-1]["state"] == "SUCCESS"
    audited = server.api.get(
        "/audit-events", params={"object": f"execution/{accepted['id']}"}
    ).json()["items"]
    assert [event["action"] for event in audited] == ["execution.create"]


def test_inputs_are_checked_before_anything_starts(server, ns):
    inputs = (
        "inputs:\n  - id: n\n    type: INT\n    max: 5\n  - id: s\n    type: STRING\n"
        '  - id: d\n    type: STRING\n    defaults: "{{ flow.id }}-x"\n'
    )
    server.put_flow(log_flow(ns, inputs=inputs))
    body = {"namespace": ns, "flowId": "f", "inputs": {"n": 9}}
    refused = server.api.post("/executions", json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-inputs")
    assert [each["path"] for each in refused.json()["problems"]] == ["inputs.n", "inputs.s"]
    assert server.api.get("/executions", params={"namespace": ns}).json()["items"] == []
    ended = server.run(ns, "f", n="4", s="x")
    assert ended["inputs"] == {"n": 4, "s": "x", "d": "f-x"}


def test_flows_that_cannot_run_say_why(server, ns):
    server.put_flow(log_flow(ns) + "disabled: true\n")
    disabled = server.api.post("/executions", json={"namespace": ns, "flowId": "f"})
    assert (disabled.status_code, disabled.json()["code"]) == (409, "flow-disabled")
    server.put_flow(log_flow(ns, "hello"))
    missing = server.api.post("/executions", json={"namespace": ns, "flowId": "helo"})
    assert missing.status_code == 404
    assert f"{ns}/hello" in missing.json()["detail"]
    old = {"namespace": ns, "flowId": "hello", "revision": 7}
    assert server.api.post("/executions", json=old).status_code == 404


def test_an_older_revision_can_be_run(server, ns):
    server.put_flow(log_flow(ns))
    server.put_flow(log_flow(ns, lines=3))
    body = {"namespace": ns, "flowId": "f", "revision": 1}
    ended = server.wait(server.api.post("/executions", json=body).json()["id"])
    assert (ended["flowRevision"], len(ended["taskRuns"])) == (1, 1)


def test_a_change_counts_for_the_very_next_execution(server, ns):
    for count in (1, 2, 3, 4):
        server.put_flow(log_flow(ns, lines=count))
        assert server.run(ns, "f")["flowRevision"] == count
    server.api.delete(f"/flows/{ns}/f")
    gone = server.api.post("/executions", json={"namespace": ns, "flowId": "f"})
    assert gone.status_code == 404


def test_lists_are_newest_first_paged_and_filtered(server, ns):
    server.put_flow(log_flow(ns))
    server.put_flow(log_flow(ns, "g"))
    ids = [server.run(ns, "f")["id"] for _ in range(3)]
    other = server.run(ns, "g")["id"]
    seen, cursor = [], None
    while True:
        query = {"namespace": ns, "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = server.api.get("/executions", params=query).json()
        seen += [each["id"] for each in page["items"]]
        assert all("taskRuns" not in each for each in page["items"])
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert seen == [other, *reversed(ids)]
    only = server.api.get("/executions", params={"namespace": ns, "flowId": "g"}).json()["items"]
    assert [each["id"] for each in only] == [other]
    failed = {"namespace": ns, "state": "FAILED"}
    assert server.api.get("/executions", params=failed).json()["items"] == []
    assert server.api.get("/executions", params={"state": "BROKEN"}).status_code == 422
    assert server.api.get("/executions", params={"cursor": "!"}).status_code == 422


def test_logs_are_paged_and_filtered(server, ns):
    server.put_flow(log_flow(ns, lines=5))
    ended = server.run(ns, "f")
    path = f"/executions/{ended['id']}/logs"
    first = server.api.get(path, params={"limit": 2}).json()
    rest = server.api.get(path, params={"cursor": first["nextCursor"]}).json()
    messages = [line["message"] for line in first["items"] + rest["items"]]
    assert messages == [f"line {n}" for n in range(5)]
    third = ended["taskRuns"][2]["id"]
    only = server.api.get(path, params={"taskRunId": third}).json()["items"]
    assert [(line["taskId"], line["message"]) for line in only] == [("t2", "line 2")]
    assert server.api.get(path, params={"minLevel": "ERROR"}).json()["items"] == []
    assert server.api.get(path, params={"minLevel": "LOUD"}).status_code == 422
    assert server.api.get("/executions/none/logs").status_code == 404


def test_following_shows_changes_logs_and_the_end_and_resumes(server, ns):
    server.put_flow(log_flow(ns, lines=4))
    body = {"namespace": ns, "flowId": "f"}
    execution_id = server.api.post("/executions", json=body).json()["id"]
    found = events(server, execution_id)
    names = [name for name, _, _ in found]
    assert names[0] == "snapshot"
    assert names[-1] == "end"
    assert found[-1][2] == {"state": "SUCCESS"}
    lines = [(id_, data["message"]) for name, id_, data in found if name == "log"]
    assert [message for _, message in lines] == [f"line {n}" for n in range(4)]
    resumed = events(server, execution_id, last=lines[1][0])
    again = [data["message"] for name, _, data in resumed if name == "log"]
    assert again == ["line 2", "line 3"]
    assert server.api.get("/executions/none/follow").status_code == 404


def test_a_kill_ends_the_work(server, ns):
    server.put_flow(sleeping(ns))
    body = {"namespace": ns, "flowId": "f"}
    execution_id = server.api.post("/executions", json=body).json()["id"]
    killed = server.api.post(f"/executions/{execution_id}/kill")
    assert killed.status_code == 202
    assert server.wait(execution_id)["state"] == "KILLED"
    assert server.api.post(f"/executions/{execution_id}/kill").json()["state"] == "KILLED"
    assert server.api.post("/executions/none/kill").status_code == 404
    query = {"object": f"execution/{execution_id}"}
    audited = server.api.get("/audit-events", params=query).json()["items"]
    assert [event["action"] for event in audited] == ["execution.create", "execution.kill"]


def test_evidence_counts_finished_executions_of_exactly_one_content(server, ns):
    server.put_flow(log_flow(ns))
    ids = [server.run(ns, "f")["id"] for _ in range(4)]
    old = server.api.get(f"/flows/{ns}/f").json()["contentHash"]
    server.put_flow(f"id: f\nnamespace: {ns}\ntasks:\n  - id: x\n    type: core.execution.Fail\n")
    assert server.run(ns, "f")["state"] == "FAILED"
    new = server.api.get(f"/flows/{ns}/f").json()["contentHash"]
    asked = [{"namespace": ns, "id": "f", "contentHash": hash_} for hash_ in (old, new, "0" * 64)]
    found = server.api.post("/evidence:read", json={"flows": asked}).json()["items"]
    assert [(each["success"], each["failed"]) for each in found] == [(4, 0), (0, 1), (0, 0)]
    # Of the machine's clock, and midnight may be between them.
    assert found[0]["days"] in {1, 2}
    assert [each["days"] for each in found[1:]] == [0, 0]
    assert found[0]["executions"] == ids[:0:-1]
    assert found[0]["engine"] == "0.1.0"
    assert found[2]["firstAt"] is None
    wrong = server.api.post("/evidence:read", json={"flows": [{"id": "f"}]})
    assert wrong.json()["problems"][0]["path"] == "flows[0]"


def test_a_hundred_at_once_are_all_accepted_and_all_end(server, ns):
    from concurrent.futures import ThreadPoolExecutor

    server.put_flow(log_flow(ns))
    body = {"namespace": ns, "flowId": "f"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: server.api.post("/executions", json=body), range(100)))
    assert {answer.status_code for answer in answers} == {201}
    ids = {answer.json()["id"] for answer in answers}
    assert len(ids) == 100
    assert {server.wait(each)["state"] for each in ids} == {"SUCCESS"}


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics", "/openapi.json"])
def test_open_paths_need_no_token(server, path):
    import httpx

    assert httpx.get(server.url + path, trust_env=False).status_code == 200


def test_inputs_that_the_flow_does_not_declare_are_named_in_the_log(server, ns):
    server.put_flow(
        f"id: f\nnamespace: {ns}\ninputs:\n  - {{id: day, type: STRING, required: false}}\n"
        "tasks:\n  - id: t\n    type: core.log.Log\n    message: \"{{ inputs.day ?? 'none' }}\"\n"
    )
    execution = server.run(ns, "f", dya="monday", other=1)
    assert execution["state"] == "SUCCESS"
    assert execution["inputs"] == {"day": None}
    lines = server.api.get(f"/executions/{execution['id']}/logs").json()["items"]
    assert [(line["level"], line["message"], line["taskId"]) for line in lines] == [
        ("WARN", "The flow declares no input `dya`; it is ignored. Did you mean `day`?", None),
        ("WARN", "The flow declares no input `other`; it is ignored.", None),
        ("INFO", "none", "t"),
    ]


def test_inputs_of_a_flow_without_any_are_named_too(server, ns):
    server.put_flow(
        f"id: f\nnamespace: {ns}\ntasks:\n  - {{id: t, type: core.log.Log, message: hi}}\n"
    )
    execution = server.run(ns, "f", **{"a\x00b": 1})
    assert execution["state"] == "SUCCESS"
    lines = server.api.get(f"/executions/{execution['id']}/logs").json()["items"]
    assert [line["level"] for line in lines] == ["WARN", "INFO"]
