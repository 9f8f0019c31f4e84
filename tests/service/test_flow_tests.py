"""Tests of flows that the server keeps, runs, and asks at plan."""

from __future__ import annotations

import pytest

FLOW = (
    "id: load\nnamespace: {ns}\ninputs:\n  - {{id: day, type: STRING, defaults: monday}}\ntasks:\n"
    "  - {{id: fetch, type: core.http.Request, uri: 'https://api.example.com/{{{{ inputs.day }}}}'}}\n"
    "  - {{id: script, type: scripts.shell.Commands, commands: [exit 1]}}\n"
    "  - {{id: nap, type: core.flow.Sleep, duration: PT1H}}\n"
    '  - {{id: say, type: core.log.Log, message: "{message}"}}\n'
)
SUITE = (
    "id: checks\nnamespace: {ns}\nflowId: load\nfixtures:\n  tasks: [{{id: script}}]\n"
    "  requests: [{{uri: '*', answer: {{body: hello}}}}]\ncases:\n"
    "  - id: says_it\n    expect: {{log: [hello], took: PT1H}}\n"
)


def flow(ns, message="{{{{ outputs.fetch.body }}}}"):
    source = FLOW.format(ns=ns, message=message.replace("{{{{", "{{").replace("}}}}", "}}"))
    return {"kind": "flow", "namespace": ns, "id": "load", "spec": {"source": source}}


def suite(ns, text=SUITE):
    source = text.format(ns=ns)
    return {"kind": "test", "namespace": ns, "id": "checks", "spec": {"source": source}}


def apply(server, *objects, **more):
    answer = server.api.post("/apply", json={"objects": objects, **more})
    assert answer.is_success, answer.text
    return answer.json()


def test_a_suite_runs_on_the_server_apart_from_everything(server, ns):
    apply(server, flow(ns), suite(ns), complete=True)
    before = server.api.get("/executions", params={"limit": 1}).json()["items"]
    ran = server.api.post(f"/tests/{ns}/checks/run")
    assert ran.status_code == 200, ran.text
    found = ran.json()
    assert (found["passed"], found["failed"], found["skipped"]) == (1, 0, 0)
    (case,) = found["cases"]
    assert (case["id"], case["state"], case["executionState"]) == ("says_it", "passed", "SUCCESS")
    assert case["requests"][0]["uri"] == "https://api.example.com/monday"
    assert server.api.get("/executions", params={"limit": 1}).json()["items"] == before
    stored = server.api.get(f"/flows/{ns}/load").json()
    assert found["flowHash"] == stored["contentHash"]
    assert found["testHash"] == server.api.get(f"/tests/{ns}/checks").json()["contentHash"]


def test_results_are_evidence_for_exactly_one_content(server, ns):
    apply(server, flow(ns), suite(ns))
    first = server.api.post(f"/tests/{ns}/checks/run").json()
    apply(server, flow(ns, "bye"))
    second = server.api.post(f"/tests/{ns}/checks/run").json()
    assert (second["passed"], second["failed"]) == (0, 1)
    problem = second["cases"][0]["problems"][0]
    assert problem["message"].startswith('No line of the log says "hello".')
    assert problem["line"] == 9
    results = server.api.get(f"/tests/{ns}/checks/results").json()["items"]
    assert [each["id"] for each in results] == [second["id"], first["id"]]
    only = {"flowHash": first["flowHash"]}
    kept = server.api.get(f"/tests/{ns}/checks/results", params=only).json()["items"]
    assert kept == [first]
    audited = server.api.get("/audit-events", params={"limit": 1000}).json()["items"]
    runs = [each for each in audited if each["action"] == "test.run" and ns in each["object"]]
    assert [each["detail"] for each in runs] == [
        {"passed": 1, "failed": 0},
        {"passed": 0, "failed": 1},
    ]
    assert server.api.delete(f"/tests/{ns}/checks").status_code == 204
    assert len(server.api.get(f"/tests/{ns}/checks/results").json()["items"]) == 2


def test_a_plan_runs_tests_against_the_proposed_content_when_asked(server, ns):
    apply(server, flow(ns), suite(ns))
    changed = {"objects": [flow(ns, "{{{{ outputs.fetch.bdy }}}}")], "complete": True}
    assert server.api.post("/plan", json=changed).json()["valid"]
    answer = server.api.post("/plan", json={**changed, "tests": True}).json()
    assert not answer["valid"]
    messages = [each["message"] for each in answer["problems"]]
    assert any(each.startswith("Case `says_it`: The execution is FAILED") for each in messages)
    assert {each["object"] for each in answer["problems"]} == {f"test/{ns}/checks"}
    same = {"objects": [flow(ns)], "complete": True, "tests": True}
    assert server.api.post("/plan", json=same).json()["problems"] == []
    assert server.api.get(f"/tests/{ns}/checks/results").json()["items"] == []


def test_a_suite_is_held_against_its_flow(server, ns):
    bad = suite(ns, SUITE.replace("{{id: script}}", "{{id: scrpt}}"))
    answer = server.api.post("/plan", json={"objects": [flow(ns), bad], "complete": True}).json()
    (problem,) = answer["problems"]
    assert problem["message"] == f"The flow {ns}/load has no task `scrpt`."
    assert problem["hint"] == "Did you mean `script`?"
    assert (problem["object"], problem["line"], problem["column"]) == (f"test/{ns}/checks", 5, 16)
    alone = server.api.post("/plan", json={"objects": [suite(ns)], "complete": True}).json()
    assert alone["problems"][0]["message"] == f"There is no flow {ns}/load."
    broken = suite(ns, SUITE.replace("cases:", "cses:"))
    refused = server.api.post("/apply", json={"objects": [broken]})
    assert refused.status_code == 422
    assert "`cases` is missing" in refused.text


def test_a_flow_with_tests_stays_and_so_does_its_namespace(server, ns):
    apply(server, {"kind": "namespace", "namespace": ns, "spec": {}}, flow(ns), suite(ns))
    refused = server.api.delete(f"/flows/{ns}/load")
    assert refused.status_code == 409
    assert f"test/{ns}/checks still needs flow/{ns}/load." in refused.text
    assert server.api.delete(f"/namespaces/{ns}").status_code == 409


@pytest.mark.parametrize("verb", ["run", "results"])
def test_a_suite_that_is_not_there(server, ns, verb):
    call = server.api.post if verb == "run" else server.api.get
    assert call(f"/tests/{ns}/nothing/{verb}").status_code == 404


def test_what_no_longer_fits_does_not_run(server, ns):
    apply(server, flow(ns), suite(ns))
    other = (
        f"id: load\nnamespace: {ns}\ntasks:\n  - {{id: say, type: core.log.Log, message: hello}}\n"
    )
    apply(server, {"kind": "flow", "namespace": ns, "id": "load", "spec": {"source": other}})
    refused = server.api.post(f"/tests/{ns}/checks/run")
    assert refused.status_code == 422
    assert "has no task `script`" in refused.json()["problems"][0]["message"]


def test_the_servers_and_the_librarys_results_agree(server, ns, tmp_path):
    from penstock.cli import test_files
    from penstock.runtime.flow_test import FlowTests

    apply(server, flow(ns), suite(ns))
    there = server.api.post(f"/tests/{ns}/checks/run").json()["cases"]
    (tmp_path / "tests").mkdir()
    (tmp_path / "load.yaml").write_text(flow(ns)["spec"]["source"])
    (tmp_path / "tests" / "checks.yaml").write_text(suite(ns)["spec"]["source"])
    (found,) = test_files.suites([tmp_path])
    surroundings = test_files.Surroundings()
    surroundings.look([tmp_path])
    material, _ = test_files.material(found, surroundings)
    here = FlowTests().run(found.parsed, material).cases_json()
    for each in (*there, *here):
        del each["seconds"]
    assert there == here


def test_few_wait_for_another_suite_and_none_for_ever(server, ns, monkeypatch):
    apply(server, flow(ns), suite(ns))
    turns = server.application.services.tests._turns
    monkeypatch.setattr(turns, "_seconds", 0.0)
    with turns.take() as is_mine:
        assert is_mine
        refused = server.api.post(f"/tests/{ns}/checks/run")
    assert refused.status_code == 409
    assert "Another suite of tests runs." in refused.text
    assert server.api.post(f"/tests/{ns}/checks/run").status_code == 200


def test_a_suite_may_take_so_long(server, ns, monkeypatch):
    apply(server, flow(ns), suite(ns))
    monkeypatch.setattr("penstock.runtime.flow_test._SUITE_SECONDS", 0.0)
    (case,) = server.api.post(f"/tests/{ns}/checks/run").json()["cases"]
    assert case["state"] == "failed"
    assert "The suite did not end within 0 s" in case["problems"][0]["message"]
