"""SLAs: how long an execution takes, and what holds meanwhile."""

from __future__ import annotations

import pytest

from penstock.engine import is_over
from penstock.engine.message import TimerDue, TimerKind

from .driver import FAIL, Driver, Outcome, flow, job, task

LONG = Outcome(seconds=3600)


def maximum(behavior: str, **more: object) -> dict[str, object]:
    return {"id": "quick", "type": "MAX_DURATION", "behavior": behavior, "duration": "PT1M", **more}


def assertion(behavior: str, text: str, **more: object) -> dict[str, object]:
    return {
        "id": "sound",
        "type": "EXECUTION_ASSERTION",
        "behavior": behavior,
        "assert": text,
        **more,
    }


@pytest.mark.parametrize(("behavior", "state"), [("FAIL", "FAILED"), ("CANCEL", "CANCELLED")])
def test_everything_that_is_open_ends_when_the_time_is_over(behavior, state):
    tree = task(
        "parallel",
        "p",
        tasks=[job("a"), job("long"), task("subflow", "call", namespace="test", flowId="kid")],
    )
    main = flow(
        tree,
        job("never"),
        errors=[job("e")],
        finally_=[job("f")],
        after_execution=[job("z")],
        sla=[maximum(behavior, labels={"late": "yes"})],
    )
    driver = Driver(main, flow(job("k"), name="kid"), table={"long": LONG, "k": LONG}).run()
    assert driver.execution.state == state
    assert driver.order == ["p", "a", "long", "call", "z"]
    assert driver.states == {
        "p": state,
        "a": "SUCCESS",
        "long": state,
        "call": state,
        "z": "SUCCESS",
    }
    assert driver.execution.labels["late"] == "yes"
    kid = next(each for each in driver.executions.values() if each.flow_id == "kid")
    assert kid.state == "KILLED"
    assert is_over(driver.execution)
    begun = driver.execution.started_at
    ended = driver.execution.ended_at
    assert begun is not None
    assert ended is not None
    assert (ended - begun).total_seconds() == 60


def test_a_promise_that_only_labels_ends_nothing():
    driver = Driver(
        flow(job("a"), sla=[maximum("NONE", labels={"late": "yes"})]),
        table={"a": Outcome(seconds=90)},
    )
    driver.run()
    assert driver.execution.state == "SUCCESS"
    assert driver.execution.labels["late"] == "yes"
    messages = [log.message for step in driver.steps for log in step.logs]
    assert messages == ["The SLA `quick` is violated: it runs longer than PT1M."]


def test_a_promise_is_no_matter_after_the_end_or_during_a_kill():
    driver = Driver(flow(job("a"), sla=[maximum("FAIL")])).run()
    assert driver.execution.state == "SUCCESS"
    killed = Driver(flow(job("a"), sla=[maximum("FAIL")]), table={"a": LONG})
    killed.run_until(lambda: killed.states.get("a") == "RUNNING")
    killed.kill()
    killed.send(TimerDue(TimerKind.SLA, "quick"))
    assert killed.run().execution.state == "KILLED"


def test_time_over_during_a_retry_ends_the_waiting():
    rule = {"type": "constant", "interval": "PT50S", "maxAttempts": 9}
    driver = Driver(flow(job("a", retry=rule), sla=[maximum("CANCEL")]), table={"a": FAIL}).run()
    assert driver.states == {"a": "CANCELLED"}
    assert len(driver.run_of("a").attempts) == 2


def test_an_assertion_is_looked_at_when_a_task_has_ended():
    text = "{{ (outputs.a.rows ?? 9) > 3 }}"
    main = flow(job("a"), job("b"), sla=[assertion("FAIL", text)])
    driver = Driver(main, table={"a": Outcome(outputs={"rows": 2})}).run()
    assert driver.execution.state == "FAILED"
    assert driver.order == ["a"]
    assert driver.execution.failure is not None
    assert (
        driver.execution.failure.message == f"The SLA `sound` is violated: `{text}` does not hold."
    )


def test_an_assertion_that_cannot_be_evaluated_is_told_once_and_ignored():
    main = flow(job("a"), job("b"), job("c"), sla=[assertion("FAIL", "{{ trigger.no.where }}")])
    driver = Driver(main).run()
    assert driver.execution.state == "SUCCESS"
    logs = [log.message for step in driver.steps for log in step.logs]
    assert len(logs) == 1
    assert logs[0].startswith("The SLA `sound` cannot be evaluated and is ignored:")
