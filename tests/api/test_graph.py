"""Executions as trees of tasks: what ran, what did not, and which branch was not taken."""

from __future__ import annotations

ROUTES = """
id: f
namespace: {ns}
inputs: [{{id: good, type: BOOL}}]
tasks:
  - id: gate
    type: core.flow.If
    condition: "{{{{ inputs.good }}}}"
    then:
      - id: report
        type: core.flow.Sequential
        tasks: [{{id: tell, type: core.log.Log, message: fine}}]
    else:
      - {{id: alarm, type: core.execution.Fail, errorMessage: broken}}
  - {{id: last, type: core.log.Log, message: end}}
errors:
  - {{id: handler, type: core.log.Log, message: handled}}
"""
ALL = """
id: f
namespace: {ns}
tasks:
  - id: which
    type: core.flow.Switch
    value: b
    cases:
      a: [{{id: in-a, type: core.log.Log, message: a}}]
      b: [{{id: in-b, type: core.log.Log, message: b}}]
  - id: list
    type: core.output.OutputValues
    values: {{names: [x, y, z]}}
  - id: each
    type: core.flow.ForEach
    values: "{{{{ outputs.list.values.names }}}}"
    concurrencyLimit: 0
    tasks:
      - id: odd
        type: core.flow.If
        condition: "{{{{ taskrun.iteration == 1 }}}}"
        then: [{{id: only-y, type: core.log.Log, message: "{{{{ parent.taskrun.value }}}}"}}]
  - id: poll
    type: core.flow.LoopUntil
    condition: "{{{{ outputs.look.value == '1' }}}}"
    checkFrequency: {{interval: PT0S}}
    tasks: [{{id: look, type: core.debug.Return, format: "{{{{ taskrun.iteration }}}}"}}]
  - id: graph
    type: core.flow.Dag
    tasks:
      - {{task: {{id: second, type: core.log.Log, message: s}}, dependsOn: [first]}}
      - {{task: {{id: first, type: core.log.Log, message: f}}}}
      - {{task: {{id: off, type: core.log.Log, message: o, disabled: true}}}}
"""


def nodes(server, execution_id: str) -> dict[str, dict]:
    answer = server.api.get(f"/executions/{execution_id}/graph")
    assert answer.status_code == 200, answer.text
    found: dict[str, dict] = {}
    pending = list(answer.json()["lists"])
    while pending:
        for node in pending.pop(0)["tasks"]:
            found[node["id"]] = node
            pending += node["lists"]
    return found


def states(server, execution_id: str) -> dict[str, str | None]:
    return {name: node["state"] for name, node in nodes(server, execution_id).items()}


def run(server, ns: str, source: str, **inputs) -> str:
    server.put_flow(source.format(ns=ns))
    body = {"namespace": ns, "flowId": "f", "inputs": inputs}
    made = server.api.post("/executions", json=body).json()
    server.wait(made["id"])
    return made["id"]


def test_A29_both_branches_and_the_one_that_was_not_taken_is_skipped(server, ns):
    assert states(server, run(server, ns, ROUTES, good=True)) == {
        "gate": "SUCCESS",
        "last": "SUCCESS",
        "handler": None,
        "report": "SUCCESS",
        "tell": "SUCCESS",
        "alarm": "SKIPPED",
    }
    assert states(server, run(server, ns, ROUTES, good=False)) == {
        "gate": "FAILED",
        "last": None,
        "handler": "SUCCESS",
        "report": "SKIPPED",
        "tell": "SKIPPED",
        "alarm": "FAILED",
    }


def test_C09_if_switch_for_each_loop_until_graphs_and_tasks_from_a_list(server, ns):
    found = nodes(server, run(server, ns, ALL))
    assert {name: node["state"] for name, node in found.items()} == {
        "which": "SUCCESS",
        "in-a": "SKIPPED",
        "in-b": "SUCCESS",
        "list": "SUCCESS",
        "each": "SUCCESS",
        "odd": "SUCCESS",
        "only-y": "SUCCESS",
        "poll": "SUCCESS",
        "look": "SUCCESS",
        "graph": "SUCCESS",
        "second": "SUCCESS",
        "first": "SUCCESS",
        "off": None,
    }
    assert found["odd"]["states"] == {"SUCCESS": 3}
    assert found["look"]["states"] == {"SUCCESS": 2}
    assert found["second"]["dependsOn"] == ["first"]
    assert found["off"]["disabled"] is True


def test_the_graph_of_nothing_is_not_found(server):
    assert server.api.get("/executions/nothing/graph").status_code == 404
