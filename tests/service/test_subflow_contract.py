"""Calls of other flows are held against those flows before anything runs."""

from __future__ import annotations

import pytest

CHILD_INPUTS = (
    "inputs:\n  - {id: day, type: STRING}\n  - {id: n, type: INT, defaults: 1}\n"
    "  - {id: mode, type: SELECT, values: [full, delta], defaults: full}\n"
)
CHILD_OUTPUTS = 'outputs:\n  - {id: rows, type: INT, value: "{{ 1 + 1 }}"}\n'


def flow(ns, name, text):
    source = f"id: {name}\nnamespace: {ns}\n{text}"
    return {"kind": "flow", "namespace": ns, "id": name, "spec": {"source": source}}


def child(ns, head=CHILD_INPUTS, tail=CHILD_OUTPUTS):
    tasks = "tasks:\n  - {id: say, type: core.log.Log, message: hi}\n"
    return flow(ns, "child", f"{head}{tasks}{tail}")


def parent(ns, inputs="day: monday", more="", revision=""):
    return flow(
        ns,
        "parent",
        "tasks:\n  - id: call\n    type: core.flow.Subflow\n"
        f"    namespace: {ns}\n    flowId: child\n{revision}    inputs:\n      {inputs}\n{more}",
    )


def show(expression):
    return f'  - id: show\n    type: core.log.Log\n    message: "{{{{ {expression} }}}}"\n'


def plan(server, *objects, complete=True, deletes=()):
    body = {"objects": objects, "complete": complete, "deletes": list(deletes)}
    answer = server.api.post("/plan", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def apply(server, *objects, **more):
    return server.api.post("/apply", json={"objects": objects, **more})


@pytest.mark.parametrize(
    ("inputs", "path", "words"),
    [
        ("day: x\n      dya: y", "tasks[0].inputs.dya", "no input `dya`"),
        ("n: 2", "tasks[0].inputs.day", "needs the input `day`"),
        ("day: x\n      n: many", "tasks[0].inputs.n", "`n`"),
        ("day: x\n      mode: all", "tasks[0].inputs.mode", "`mode`"),
    ],
)
def test_D10_inputs_are_held_against_the_childs_schema_at_plan(server, ns, inputs, path, words):
    answer = plan(server, child(ns), parent(ns, inputs))
    assert not answer["valid"]
    (problem,) = answer["problems"]
    assert (problem["code"], problem["path"]) == ("subflow-inputs", path)
    assert problem["object"] == f"flow/{ns}/parent"
    assert problem["line"] >= 7
    assert words in problem["message"]


def test_D10_outputs_that_the_child_does_not_declare(server, ns):
    wrong = plan(server, child(ns), parent(ns, more=show("outputs.call.outputs.row")))
    (problem,) = wrong["problems"]
    assert problem["code"] == "subflow-outputs"
    assert problem["message"] == f"The flow {ns}/child has no output `row`."
    assert problem["hint"] == "Did you mean `rows`?"
    assert problem["path"] == "tasks[1].message"
    assert problem["line"] == 12
    assert plan(server, child(ns), parent(ns, more=show("outputs.call.outputs.rows")))["valid"]
    tolerant = show("outputs.call.outputs.row ?? 'none'")
    assert plan(server, child(ns), parent(ns, more=tolerant))["valid"]


def test_D10_waits_gives_outputs_and_transmits_failures(server, ns):
    more = show("outputs.call.outputs.rows")
    assert apply(server, child(ns), parent(ns, more=more), complete=True).is_success
    found = server.run(ns, "parent")
    assert found["state"] == "SUCCESS"
    assert found["taskRuns"][0]["outputs"]["outputs"] == {"rows": 2}
    failing = flow(
        ns,
        "child",
        f"{CHILD_INPUTS}tasks:\n  - {{id: f, type: core.execution.Fail}}\n{CHILD_OUTPUTS}",
    )
    assert apply(server, failing).is_success
    found = server.run(ns, "parent")
    assert (found["state"], found["taskRuns"][0]["state"]) == ("FAILED", "FAILED")


def test_D12_a_new_revision_is_used_by_all_callers_but_those_that_pin_one(server, ns):
    assert apply(server, child(ns)).is_success
    pinned = parent(ns, revision="    revision: 1\n")
    pinned["id"], pinned["spec"]["source"] = (
        "pinned",
        pinned["spec"]["source"].replace("id: parent", "id: pinned"),
    )
    assert apply(server, parent(ns), pinned, complete=True).is_success
    changed = child(ns, tail='outputs:\n  - {id: rows, type: INT, value: "{{ 40 + 2 }}"}\n')
    planned = next(
        each for each in plan(server, changed)["objects"] if each["ref"] == f"flow/{ns}/child"
    )
    assert planned["callers"] == [f"{ns}/parent", f"{ns}/pinned"]
    assert planned["calls"] == [
        {"flow": f"{ns}/parent", "task": "call", "revision": None},
        {"flow": f"{ns}/pinned", "task": "call", "revision": 1},
    ]
    assert apply(server, changed).is_success
    rows = {
        name: server.run(ns, name)["taskRuns"][0]["outputs"]["outputs"]["rows"]
        for name in ("parent", "pinned")
    }
    assert rows == {"parent": 42, "pinned": 2}


def test_D12_what_no_longer_fits_names_the_callers_that_follow(server, ns):
    assert apply(server, child(ns)).is_success
    more = show("outputs.call.outputs.rows")
    pinned = parent(ns, more=more, revision="    revision: 1\n")
    pinned["id"] = "pinned"
    pinned["spec"]["source"] = pinned["spec"]["source"].replace("id: parent", "id: pinned")
    assert apply(server, parent(ns, more=more), pinned, complete=True).is_success
    answer = plan(server, child(ns, head="", tail=""))
    messages = [(each["code"], each["message"]) for each in answer["problems"]]
    begin = f"The flow {ns}/parent (task `call`) would no longer fit: "
    assert messages == [
        ("caller-inputs", f"{begin}The flow {ns}/child has no input `day`."),
        ("caller-outputs", f"{begin}The flow {ns}/child has no output `rows`."),
    ]
    assert apply(server, child(ns, head="", tail=""), complete=True).status_code == 422


def test_D12_a_revision_that_is_not_there(server, ns):
    answer = plan(server, child(ns), parent(ns, revision="    revision: 7\n"))
    (problem,) = answer["problems"]
    assert problem["code"] == "unknown-revision"
    assert problem["message"] == f"There is no revision 7 of the flow {ns}/child."
    assert problem["path"] == "tasks[0].revision"
    # The revision that the set itself makes is one.
    assert plan(server, child(ns), parent(ns, revision="    revision: 1\n"))["valid"]


def test_D13_a_used_flow_cannot_go_at_plan_nor_at_apply(server, ns):
    assert apply(server, child(ns), parent(ns), complete=True).is_success
    gone = {"kind": "flow", "namespace": ns, "id": "child"}
    answer = plan(server, deletes=[gone])
    assert not answer["valid"]
    assert [each["message"] for each in answer["problems"]] == [
        f"flow/{ns}/parent still needs flow/{ns}/child."
    ]
    refused = apply(server, deletes=[gone])
    assert (refused.status_code, refused.json()["code"]) == (409, "in-use")
    alone = server.api.delete(f"/flows/{ns}/child")
    assert alone.status_code == 409
    assert f"flow/{ns}/parent" in alone.text
    both = [gone, {"kind": "flow", "namespace": ns, "id": "parent"}]
    assert apply(server, deletes=both).is_success
