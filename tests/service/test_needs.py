"""Findings between objects name the other objects that could still settle them."""

from __future__ import annotations

import pytest

TASKS = 'tasks:\n  - {id: say, type: core.log.Log, message: "MESSAGE"}\n'
CALL = "tasks:\n  - {id: call, type: core.flow.Subflow, namespace: NS, flowId: child}\n"


def flow(ns, name, text):
    source = f"id: {name}\nnamespace: {ns}\n{text.replace('NS', ns)}"
    return {"kind": "flow", "namespace": ns, "id": name, "spec": {"source": source}}


def problems(server, *objects, deletes=(), owner="api"):
    body = {"objects": objects, "deletes": [*deletes]}
    answer = server.api.post("/plan", json=body, headers={"Penstock-Owner": owner})
    assert answer.status_code == 200, answer.text
    return answer.json()["problems"]


@pytest.mark.parametrize(
    ("text", "code", "needs"),
    [
        (CALL, "unknown-subflow", "flow/NS/child"),
        (TASKS.replace("MESSAGE", "{{ secret('K') }}"), "missing-secret", "secret/NS/K"),
        (TASKS.replace("MESSAGE", "{{ namespace.a.b }}"), "missing-variable", "variable/NS/a"),
    ],
)
def test_what_is_missing_is_named(server, ns, text, code, needs):
    (problem,) = problems(server, flow(ns, "one", text))
    assert problem["code"] == code
    assert problem["needs"] == [needs.replace("NS", ns)]


def test_mistakes_of_a_text_alone_need_nothing_else(server, ns):
    (problem, *_) = problems(server, flow(ns, "one", TASKS.replace("core.log.Log", "core.log.Lgo")))
    assert problem["needs"] is None


def test_a_users_change_would_free_what_is_in_use_unless_another_owner_has_it(server, ns):
    child = flow(ns, "child", TASKS)
    for each, owner in (
        (child, "us"),
        (flow(ns, "ours", CALL), "us"),
        (flow(ns, "theirs", CALL), "ui"),
    ):
        headers = {"Penstock-Owner": owner}
        answer = server.api.post("/apply", json={"objects": [each]}, headers=headers)
        assert answer.status_code == 200, answer.text
    gone = {"kind": "flow", "namespace": ns, "id": "child"}
    found = {
        each["message"]: each["needs"] for each in problems(server, deletes=[gone], owner="us")
    }
    assert found == {
        f"flow/{ns}/ours still needs flow/{ns}/child.": [f"flow/{ns}/ours"],
        f"flow/{ns}/theirs still needs flow/{ns}/child.": [],
    }
