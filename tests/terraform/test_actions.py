"""Actions of the newest Terraform with a real server: flows run, dates are made up for."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from .life import block, quoted

FLOW = """id: work
namespace: NAMESPACE
inputs:
  - {id: n, type: INT, defaults: 1}
tasks:
  - id: first
    type: core.log.Log
    message: "number {{ inputs.n }}"
  - id: second
    type: SECOND
triggers:
  - id: daily
    type: core.trigger.Schedule
    cron: "0 HOUR * * *"
"""
HOUR = (datetime.now(UTC).hour + 12) % 24
"""Half a day away, so that nothing is started by the clock while a test counts executions."""
GOOD = "core.debug.Return\n    format: done"
BAD = 'core.execution.Fail\n    errorMessage: "no luck with {{ inputs.n }}"'
LONG = "core.flow.Pause"


def flow(namespace: str, second: str) -> str:
    text = FLOW.replace("NAMESPACE", namespace).replace("HOUR", str(HOUR))
    return text.replace("SECOND", second)


def action(kind: str, namespace: str, **more: str) -> str:
    rows = {"namespace": quoted(namespace), "flow_id": '"work"', **more}
    inside = "".join(f"    {name} = {value}\n" for name, value in rows.items())
    return f'action "{kind}" "it" {{\n  config {{\n{inside}  }}\n}}\n'


def invoke(terraform, kind: str, code: int = 0) -> str:
    return terraform.run(
        "apply", "-auto-approve", "-no-color", f"-invoke=action.{kind}.it", code=code
    )


def executions(server, namespace: str) -> list[dict]:
    return server.get(f"/executions?namespace={namespace}")["items"]


def test_a_flow_runs_and_tells_how_far_it_is(newest, server, namespace):
    server.put(f"/flows/{namespace}/work", {"source": flow(namespace, GOOD)})
    newest.write(action("penstock_run", namespace, inputs="{ n = 7 }", labels='{ team = "data" }'))
    said = invoke(newest, "penstock_run")
    (made,) = executions(server, namespace)
    assert made["state"] == "SUCCESS"
    assert made["labels"]["team"] == "data"
    assert server.get(f"/executions/{made['id']}")["inputs"] == {"n": 7}
    for step in ("has started", f"Execution {made['id']}: SUCCESS", "Task second: SUCCESS"):
        assert step in said


def test_a_flow_runs_after_it_was_created(newest, server, namespace):
    trigger = (
        "  lifecycle {\n    action_trigger {\n      events = [after_create]\n"
        "      actions = [action.penstock_run.it]\n    }\n  }\n"
    )
    resource = block("penstock_flow", source=quoted(flow(namespace, GOOD)))
    resource = resource.rstrip().removesuffix("}") + trigger + "}\n"
    newest.write(action("penstock_run", namespace) + resource)
    newest.apply()
    assert [each["state"] for each in executions(server, namespace)] == ["SUCCESS"]
    newest.plan(0)


def test_a_failing_flow_fails_the_run_and_says_where(newest, server, namespace):
    server.put(f"/flows/{namespace}/work", {"source": flow(namespace, BAD)})
    newest.write(action("penstock_run", namespace, inputs="{ n = 13 }"))
    said = invoke(newest, "penstock_run", code=1)
    (made,) = executions(server, namespace)
    assert f"Execution {made['id']} ended as FAILED" in said
    assert "Task `second` failed: no luck with 13." in said


def test_what_is_tried_again_is_followed(newest, server, namespace):
    retry = (
        "retry:\n  type: constant\n  interval: PT0.1S\n  maxAttempts: 2\n"
        "  behavior: CREATE_NEW_EXECUTION\n"
    )
    server.put(f"/flows/{namespace}/work", {"source": flow(namespace, BAD) + retry})
    newest.write(action("penstock_run", namespace))
    said = invoke(newest, "penstock_run", code=1)
    last, *before = executions(server, namespace)
    assert len(before) == 1
    assert f"Execution {before[0]['id']} was tried again as {last['id']}" in said
    assert f"Execution {last['id']} ended as FAILED" in said


def test_inputs_that_do_not_fit_are_seen_at_plan(newest, server, namespace):
    server.put(f"/flows/{namespace}/work", {"source": flow(namespace, GOOD)})
    newest.write(action("penstock_run", namespace, inputs='{ n = "many" }'))
    invoked = "-invoke=action.penstock_run.it"
    said = newest.run("plan", "-no-color", invoked)
    assert f"Flow {namespace}/work as it is now would not start" in said
    assert "Invalid value for input `n`" in said
    said = invoke(newest, "penstock_run", code=1)
    assert f"Cannot execute flow {namespace}/work" in said
    assert executions(server, namespace) == []


def test_what_is_not_waited_for_goes_on(newest, server, namespace):
    server.put(f"/flows/{namespace}/work", {"source": flow(namespace, LONG)})
    newest.write(action("penstock_run", namespace, wait="false"))
    invoke(newest, "penstock_run")
    newest.write(action("penstock_run", namespace, timeout='"PT1S"'))
    said = invoke(newest, "penstock_run", code=1)
    second, first = executions(server, namespace)
    assert {first["state"], second["state"]} <= {"RUNNING", "PAUSED", "CREATED"}
    assert f"Execution {second['id']} goes on" in said
    assert "`timeout`" in said


def test_ctrl_c_says_what_goes_on(newest, server, namespace):
    server.put(f"/flows/{namespace}/work", {"source": flow(namespace, LONG)})
    newest.write(action("penstock_run", namespace))
    command = [*newest.command, f"-chdir={newest.directory}", "apply", "-auto-approve", "-no-color"]
    process = subprocess.Popen(
        [*command, "-invoke=action.penstock_run.it"],
        env=newest.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = ""
    for line in process.stdout:
        said += line
        if re.search(r"Execution \w+: PAUSED", line):
            os.kill(process.pid, signal.SIGINT)
            break
    said += process.stdout.read()
    process.stdout.close()
    assert process.wait(60) == 1
    (made,) = executions(server, namespace)
    assert f"Execution {made['id']} goes on" in " ".join(said.split())
    assert made["state"] == "PAUSED"


@pytest.mark.parametrize("end", ["GOOD", "BAD"])
def test_a_backfill_makes_up_for_dates(newest, server, namespace, end):
    server.put(f"/flows/{namespace}/work", {"source": flow(namespace, globals()[end])})
    today = datetime.now(UTC).replace(hour=HOUR, minute=0, second=0, microsecond=0)
    start, until = (today - timedelta(days=days) for days in (4, 2))
    newest.write(
        action(
            "penstock_backfill",
            namespace,
            trigger_id='"daily"',
            start=quoted(start.isoformat()),
            end=quoted(until.isoformat()),
            inputs="{ n = 5 }",
        )
    )
    said = invoke(newest, "penstock_backfill", code=0 if end == "GOOD" else 1)
    made = executions(server, namespace)
    assert len(made) == 3
    if end == "GOOD":
        assert "3 executions have ended, 0 of them without success" in said
    else:
        assert "3 of 3 executions of the backfill did not succeed" in said
        assert all(f"{each['id']} of" in said for each in made)


def test_mistakes_of_a_backfill_are_sentences(newest, server, namespace):
    server.put(f"/flows/{namespace}/work", {"source": flow(namespace, GOOD)})
    more = {"trigger_id": '"daily"', "start": '"soon"'}
    newest.write(action("penstock_backfill", namespace, **more))
    said = invoke(newest, "penstock_backfill", code=1)
    assert "`start` must be a moment" in said
    newest.write(action("penstock_backfill", namespace, **{**more, "trigger_id": '"weekly"'}))
    assert f"There is no trigger {namespace}/work/weekly" in invoke(
        newest, "penstock_backfill", code=1
    )


def test_triggers_are_switched_and_follow_their_flow_again(newest, server, namespace):
    server.put(f"/flows/{namespace}/work", {"source": flow(namespace, GOOD)})
    path = f"/triggers/{namespace}/work/daily"
    more = {"trigger_id": '"daily"', "reason": '"Moving house."'}
    newest.write(action("penstock_disable_trigger", namespace, **more))
    invoke(newest, "penstock_disable_trigger")
    there = server.get(path)
    assert (there["disabled"], there["override"]["reason"]) == (True, "Moving house.")
    newest.write(
        action("penstock_enable_trigger", namespace, **more, expires_at='"2001-01-01T00:00:00Z"')
    )
    assert "`expiresAt` must be in the future" in invoke(newest, "penstock_enable_trigger", code=1)
    newest.write(action("penstock_follow_trigger", namespace, trigger_id='"daily"'))
    invoke(newest, "penstock_follow_trigger")
    assert server.get(path)["override"] is None
    assert "does what its flow says already" in invoke(newest, "penstock_follow_trigger")
