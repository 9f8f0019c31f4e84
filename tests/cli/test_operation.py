"""Operations on executions on the command line."""

from __future__ import annotations

BROKEN = """
id: f
namespace: {ns}
tasks:
  - {{id: first, type: core.log.Log, message: hello}}
  - {{id: broken, type: core.execution.Fail}}
"""
PAUSED = """
id: ask
namespace: {ns}
tasks:
  - id: approve
    type: core.flow.Pause
    onResume: [{{id: reason, type: STRING}}]
"""


def test_one_execution_by_its_id(server, ns, penstock):
    server.put_flow(BROKEN.format(ns=ns))
    id_ = server.run(ns, "f")["id"]
    why = penstock("why", id_)
    assert (why.code, "Task `broken` failed" in why.out) == (0, True)
    assert penstock("execution", "restart", id_).code == 0
    server.wait(id_)
    made = penstock("--output", "json", "execution", "replay", id_, "--from-task", "broken").json
    assert made["originalId"] == id_
    server.wait(made["id"])
    assert penstock("execution", "set-state", id_, "success").out.strip() == f"{id_}: SUCCESS"
    assert penstock("execution", "labels", id_, "--label", "a=b").code == 0
    refused = penstock("execution", "set-state", id_, "success")
    assert (refused.code, "is SUCCESS already" in refused.err) == (1, True)


def test_many_by_query_with_a_preview(server, ns, penstock):
    server.put_flow(BROKEN.format(ns=ns))
    ids = [server.run(ns, "f")["id"] for _ in range(2)]
    query = ("--namespace", ns, "--in-state", "FAILED")
    preview = penstock("execution", "delete", *query, "--dry-run")
    assert (preview.code, preview.out.count("possible")) == (0, 2)
    gone = penstock("--output", "json", "execution", "delete", *query).json
    assert sorted(item["id"] for item in gone["items"]) == sorted(ids)
    assert penstock("execution", "get", ids[0]).code == 1
    missing = penstock("execution", "kill", "a", "b")
    assert (missing.code, "There is no execution a." in missing.err) == (2, True)
    both = penstock("execution", "kill", "a", "--namespace", ns)
    assert "Say which executions are meant" in both.err


def test_pause_resume_and_breakpoints(server, ns, penstock):
    server.put_flow(PAUSED.format(ns=ns))
    id_ = penstock("execution", "run", f"{ns}/ask").out.strip()
    resumed = penstock("execution", "resume", id_, "--input", "reason=fine")
    assert resumed.code == 0, resumed.err
    assert server.wait(id_)["state"] == "SUCCESS"
    halted = penstock("execution", "run", f"{ns}/ask", "--breakpoint", "approve").out.strip()
    assert penstock("execution", "continue", halted).code == 0
    assert "waits for somebody" in penstock("why", halted).out
    assert penstock("execution", "kill", halted).code == 0
    later = penstock("execution", "run", f"{ns}/ask", "--at", "2099-01-01T00:00:00Z").out.strip()
    assert "2099-01-01" in penstock("why", later).out
    assert penstock("execution", "force-run", later).code == 0
    assert penstock("execution", "kill", later).code == 0
