"""Checks of a flow, asked before an execution is created."""

from __future__ import annotations

SOURCE = """id: guarded
namespace: shop.orders
inputs: [{id: rows, type: INT, defaults: 9}]
checks:
  - {when: "{{ inputs.rows > 0 }}", message: "There must be rows, not {{ inputs.rows }}"}
  - {when: "{{ inputs.rows > 3 }}", message: Too few rows, behavior: FAIL_EXECUTION}
  - {condition: "{{ inputs.rows > 6 }}", message: Rather few rows, behavior: CREATE_EXECUTION}
tasks:
  - {id: a, type: core.debug.Return, format: x}
"""


def start(server, rows: int):
    body = {"namespace": "shop.orders", "flowId": "guarded", "inputs": {"rows": rows}}
    return server.api.post("/executions", json=body)


def test_a_check_that_blocks_leaves_no_execution(server):
    server.put_flow(SOURCE)
    refused = start(server, 0)
    assert refused.status_code == 422
    problem = refused.json()
    assert problem["code"] == "execution-blocked"
    assert problem["detail"].startswith(
        "Flow execution blocked: one or more condition checks evaluated to false."
    )
    assert [each["message"] for each in problem["problems"]] == [
        "There must be rows, not 0",
        "Too few rows",
        "Rather few rows",
    ]
    listed = server.api.get("/executions", params={"namespace": "shop.orders"}).json()
    assert listed["items"] == []


def test_a_check_that_fails_leaves_a_failed_execution(server):
    server.put_flow(SOURCE)
    accepted = start(server, 2)
    assert accepted.status_code == 201
    ended = server.wait(accepted.json()["id"])
    assert ended["state"] == "FAILED"
    assert ended["taskRuns"] == []
    assert "Too few rows" in ended["error"]["message"]


def test_a_check_that_warns_writes_it_into_the_log(server):
    server.put_flow(SOURCE)
    accepted = start(server, 5).json()
    assert server.wait(accepted["id"])["state"] == "SUCCESS"
    lines = server.api.get(f"/executions/{accepted['id']}/logs").json()["items"]
    assert [(line["level"], line["message"]) for line in lines] == [("WARN", "Rather few rows")]


def test_checks_that_hold_say_nothing(server):
    server.put_flow(SOURCE)
    accepted = start(server, 9).json()
    assert server.wait(accepted["id"])["state"] == "SUCCESS"
    assert server.api.get(f"/executions/{accepted['id']}/logs").json()["items"] == []


def test_a_quota_is_counted_by_what_is_stored(server, ns):
    server.put_flow(
        f"id: f\nnamespace: {ns}\nquotas: [{{duration: PT1H, limit: 2}}]\n"
        "tasks:\n  - {id: a, type: core.debug.Return, format: x}\n"
    )
    states = [server.run(ns, "f")["state"] for _ in range(3)]
    assert states == ["SUCCESS", "SUCCESS", "FAILED"]
