"""Errors, finally, afterExecution: when they run, in which order, and what they change."""

from __future__ import annotations

import pytest

from penstock.engine.message import KillRequested, Started
from penstock.model.state import State

from .driver import FAIL, WARN, Driver, Outcome, flow, job, task

LISTS = {"errors": [job("e1"), job("e2")], "finally": [job("f1")], "after_execution": [job("z1")]}


@pytest.mark.parametrize(
    ("table", "state", "order"),
    [
        ({}, "SUCCESS", ["a", "b", "f1", "z1"]),
        ({"b": WARN}, "WARNING", ["a", "b", "f1", "z1"]),
        ({"a": FAIL}, "FAILED", ["a", "e1", "e2", "f1", "z1"]),
        ({"b": FAIL}, "FAILED", ["a", "b", "e1", "e2", "f1", "z1"]),
        ({"b": FAIL, "e1": FAIL}, "FAILED", ["a", "b", "e1", "f1", "z1"]),
        ({"f1": FAIL}, "SUCCESS", ["a", "b", "f1", "z1"]),
        ({"b": FAIL, "f1": FAIL}, "FAILED", ["a", "b", "e1", "e2", "f1", "z1"]),
        ({"z1": FAIL}, "SUCCESS", ["a", "b", "f1", "z1"]),
        ({"b": WARN, "f1": FAIL, "z1": FAIL}, "WARNING", ["a", "b", "f1", "z1"]),
    ],
)
def test_the_order_of_the_lists(table, state, order):
    driver = Driver(flow(job("a"), job("b"), **LISTS), table=table).run()
    assert driver.execution.state == state
    assert driver.order == order


def test_after_execution_sees_the_final_state_and_outputs():
    after = task("if", "z", condition="{{ execution.state == 'SUCCESS' }}", then=[job("good")])
    outputs = [{"id": "rows", "type": "INT", "value": "{{ outputs.a.rows }}"}]
    driver = Driver(
        flow(job("a"), after_execution=[after], outputs=outputs),
        table={"a": Outcome(outputs={"rows": 7})},
    ).run()
    assert driver.order == ["a", "z", "good"]
    assert driver.execution.outputs == {"rows": 7}
    ended = driver.execution.ended_at
    assert ended is not None
    assert driver.run_of("z").history[0].at >= ended


@pytest.mark.parametrize(
    ("table", "state", "order"),
    [
        ({}, "SUCCESS", ["s", "x", "y", "lf", "b", "gf"]),
        ({"x": FAIL}, "FAILED", ["s", "x", "le", "lf", "ge", "gf"]),
        ({"x": FAIL, "le": FAIL}, "FAILED", ["s", "x", "le", "lf", "ge", "gf"]),
        ({"lf": FAIL}, "SUCCESS", ["s", "x", "y", "lf", "b", "gf"]),
        ({"b": FAIL}, "FAILED", ["s", "x", "y", "lf", "b", "ge", "gf"]),
    ],
)
def test_local_lists_run_before_global_ones(table, state, order):
    local = {"errors": [job("le")], "finally": [job("lf")]}
    tree = task("sequential", "s", tasks=[job("x"), job("y")], **local)
    driver = Driver(
        flow(tree, job("b"), errors=[job("ge")], finally_=[job("gf")]), table=table
    ).run()
    assert driver.execution.state == state
    assert driver.order == order


def test_a_failure_that_a_flowable_allows_stays_inside():
    tree = task("sequential", "s", tasks=[job("x")], errors=[job("le")], allowFailure=True)
    driver = Driver(flow(tree, job("b"), errors=[job("ge")]), table={"x": FAIL}).run()
    assert driver.execution.state == "WARNING"
    assert driver.order == ["s", "x", "le", "b"]
    assert driver.states["s"] == "WARNING"


def test_B18_the_handler_knows_the_task_the_execution_and_the_namespace():
    """What a notification needs is there, and the handler's own failure hides nothing."""
    condition = "{{ tasks.load.state == 'FAILED' and flow.namespace == 'test' }}"
    handler = task(
        "each",
        "notify",
        values='["{{ execution.id }}", "{{ flow.namespace }}", "{{ taskrun.id }}"]',
        tasks=[job("send", runIf=condition)],
    )
    driver = Driver(
        flow(job("get"), job("load"), job("never"), errors=[handler]),
        table={"load": FAIL, "send": Outcome(State.FAILED, failure="The chat is down.")},
    ).run()
    notify = driver.run_of("notify")
    assert notify.progress is not None
    assert notify.progress["values"] == [driver.execution.id, "test", notify.id]
    assert driver.execution.state == "FAILED"
    assert driver.execution.failure is not None
    assert driver.execution.failure.message == "Task `load` failed: It broke."
    assert driver.run_of("load").failure.message == "It broke."
    assert "never" not in driver.states


@pytest.mark.parametrize(
    ("allow", "outcome", "state"),
    [
        ({}, FAIL, "FAILED"),
        ({"allowFailure": True}, FAIL, "WARNING"),
        ({"allowWarning": True}, WARN, "SUCCESS"),
        ({"allowFailure": True, "allowWarning": True}, FAIL, "SUCCESS"),
        ({"allowFailure": True}, WARN, "WARNING"),
        ({"allowWarning": True}, FAIL, "FAILED"),
    ],
)
def test_allowances(allow, outcome, state):
    driver = Driver(flow(job("a", **allow), errors=[job("e")]), table={"a": outcome}).run()
    assert driver.execution.state == state
    assert driver.states["a"] == state
    assert ("e" in driver.states) == (state == "FAILED")


def test_a_killed_execution_runs_only_after_execution():
    tree = task("sequential", "s", tasks=[job("x"), job("y")], errors=[job("le")])
    driver = Driver(flow(tree, job("b"), **LISTS), table={"x": Outcome(seconds=100)})
    driver.run_until(lambda: driver.states.get("x") == "RUNNING")
    step = driver.kill()
    assert step.cancels == (driver.run_of("x").id,)
    assert driver.states == {"s": "KILLING", "x": "KILLING"}
    driver.run()
    assert driver.states == {"s": "KILLED", "x": "KILLED", "z1": "SUCCESS"}
    assert [each.state for each in driver.execution.history] == [
        "CREATED",
        "RUNNING",
        "KILLING",
        "KILLED",
    ]


def test_a_second_kill_ends_after_execution():
    driver = Driver(
        flow(job("a"), after_execution=[job("z1"), job("z2")]), table={"z1": Outcome(seconds=99)}
    )
    driver.run_until(lambda: driver.states.get("z1") == "RUNNING")
    driver.kill()
    driver.run()
    assert driver.states == {"a": "SUCCESS", "z1": "KILLED"}
    assert driver.execution.state == "SUCCESS"


def test_a_kill_before_the_start():
    driver = Driver(flow(job("a"), after_execution=[job("z")]))
    driver.kill()
    driver.run()
    assert driver.execution.state == "KILLED"
    assert driver.states == {}


def test_a_created_task_run_is_killed_at_once_and_its_worker_refused():
    driver = Driver(flow(job("a")))
    driver.tick()
    run = driver.run_of("a")
    assert run.state == "CREATED"
    step = driver.kill()
    assert step.cancels == (run.id,)
    assert driver.execution.state == "KILLED"
    again = driver.send(Started(run.id, run.fence, driver.now, "worker"))
    assert again.events == ()
    assert again.execution is driver.execution


def test_a_kill_in_the_batch_of_a_dispatch_takes_the_job_back():
    from penstock.engine import advance
    from penstock.engine.message import Begin

    driver = Driver(flow(job("a")))
    messages = [Begin(), KillRequested()]
    step = advance(driver.flows["main"], driver.execution, messages, driver.now, driver.ports)
    assert step.jobs == ()
    assert step.cancels == ()
    assert step.execution.state == "KILLED"
