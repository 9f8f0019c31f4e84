from __future__ import annotations

import pytest

from penstock.engine import advance
from penstock.engine.message import Begin, ChildEnded, ChildStarted, KillRequested
from penstock.model.state import State

from .driver import FAIL, OK, WARN, Driver, Outcome, flow, job, task


def subflow(name: str = "s", **properties: object):
    return task("subflow", name, namespace="test", flowId="kid", **properties)


def kid(**properties: object):
    return flow(job("k"), name="kid", **properties)


def child_of(driver: Driver):
    return next(each for each in driver.executions.values() if each.flow_id == "kid")


@pytest.mark.parametrize(
    ("properties", "outcome", "state"),
    [
        ({}, OK, "SUCCESS"),
        ({}, FAIL, "FAILED"),
        ({}, WARN, "WARNING"),
        ({"transmitFailed": False}, FAIL, "SUCCESS"),
        ({"transmitFailed": False}, WARN, "SUCCESS"),
        ({"allowFailure": True}, FAIL, "WARNING"),
        ({"allowWarning": True}, WARN, "SUCCESS"),
        ({"wait": False}, FAIL, "SUCCESS"),
    ],
)
def test_the_childs_state_becomes_the_tasks(properties, outcome, state):
    driver = Driver(flow(subflow(**properties), job("b")), kid(), table={"k": outcome}).run()
    assert driver.states["s"] == state
    assert driver.execution.state == state
    assert ("b" in driver.states) == (state != "FAILED")


@pytest.mark.parametrize(
    ("child", "transmit", "state"),
    [
        (State.KILLED, True, "KILLED"),
        (State.KILLED, False, "SUCCESS"),
        (State.CANCELLED, True, "SUCCESS"),
        (State.CANCELLED, False, "SUCCESS"),
    ],
)
def test_states_that_somebody_else_gave_the_child(child, transmit, state):
    driver = Driver(flow(subflow(transmitFailed=transmit), job("b")), kid(), checks=True)
    driver.tick()
    run = driver.run_of("s")
    driver.send(ChildEnded(run.id, run.child_execution_id, child))
    assert driver.states["s"] == state
    assert ("b" in driver.states) == (state == "SUCCESS")


def test_outputs_and_order():
    driver = Driver(
        flow(subflow(), outputs=[{"id": "n", "type": "INT", "value": "{{ outputs.s.outputs.n }}"}]),
        kid(outputs=[{"id": "n", "type": "INT", "value": "{{ outputs.k.n }}"}]),
        table={"k": Outcome(outputs={"n": 4})},
    ).run()
    child = child_of(driver)
    assert driver.run_of("s").outputs == {
        "executionId": child.id,
        "state": "SUCCESS",
        "outputs": {"n": 4},
    }
    assert driver.execution.outputs == {"n": 4}
    assert driver.run_of("s").ended_at >= child.ended_at
    assert child.parent_id == driver.execution.id
    assert child.parent_task_run_id == driver.run_of("s").id


def test_without_wait_the_task_ends_when_the_child_exists():
    driver = Driver(flow(subflow(wait=False)), kid(), table={"k": Outcome(seconds=100)})
    driver.run_until(lambda: driver.execution.state.is_terminated)
    child = child_of(driver)
    assert not child.state.is_terminated
    assert driver.run_of("s").outputs == {"executionId": child.id, "state": "CREATED"}
    driver.run()
    assert driver.execution.state == "SUCCESS"


def test_inputs_labels_and_origin():
    parent = flow(
        task(
            "each",
            "l",
            values=["v"],
            tasks=[
                subflow(
                    inputs={"day": "{{ inputs.day }}", "rows": "{{ 2 * 3 }}", "on": True},
                    labels={"own": "{{ taskrun.value }}", "flag": True},
                    inheritLabels=True,
                )
            ],
        ),
        labels={"team": "red", "size": "big"},
    )
    driver = Driver(parent, kid(labels={"size": "small"}), inputs={"day": "today"}).run()
    child = child_of(driver)
    assert child.inputs == {"day": "today", "rows": 6, "on": True}
    assert child.labels == {
        "system.correlationId": driver.execution.id,
        "team": "red",
        "size": "small",
        "own": "v",
        "flag": "true",
    }
    assert child.origin is not None
    assert child.origin.id == "s"
    assert child.origin.variables == {
        "executionId": driver.execution.id,
        "namespace": "test",
        "flowId": "main",
        "flowRevision": 1,
        "taskRunId": driver.run_of("s[v]").id,
        "taskId": "s",
        "taskRunValue": "v",
        "taskRunIteration": 0,
    }


def test_only_system_labels_are_inherited_unasked():
    driver = Driver(flow(subflow(), labels={"team": "red"}), kid()).run()
    assert child_of(driver).labels == {"system.correlationId": driver.execution.id}


def test_labels_as_a_list():
    driver = Driver(flow(subflow(labels=[{"key": "a", "value": "b"}])), kid()).run()
    assert child_of(driver).labels["a"] == "b"


def test_a_missing_flow_fails_the_task():
    driver = Driver(flow(subflow(transmitFailed=False), errors=[job("e")])).run()
    assert driver.states == {"s": "FAILED", "e": "SUCCESS"}
    assert driver.execution.failure.message == (
        "Task `s` failed: Unable to find flow 'test'.'kid'."
    )


def test_a_call_that_does_not_render():
    driver = Driver(flow(subflow(inputs={"x": "{{ nope }}"})), kid()).run()
    assert "cannot call its flow" in driver.run_of("s").failure.message
    assert len(driver.executions) == 1


def test_a_kill_cascades_and_waits_for_the_child():
    driver = Driver(
        flow(subflow(), job("b"), errors=[job("e")], after_execution=[job("z")]),
        kid(after_execution=[job("kz")]),
        table={"k": Outcome(seconds=100)},
    )
    driver.run_until(lambda: "k" in driver.starts)
    driver.run_until(lambda: driver.states["s"] == "RUNNING")
    step = driver.kill()
    assert step.child_kills == (child_of(driver).id,)
    assert driver.states == {"s": "KILLING"}
    driver.run()
    assert driver.states == {"s": "KILLED", "z": "SUCCESS"}
    child = child_of(driver)
    assert child.state == "KILLED"
    assert [run.task_id for run in child.task_runs.values()] == ["k", "kz"]
    assert driver.execution.state == "KILLED"


def test_a_retry_starts_another_child():
    rule = {"type": "constant", "interval": "PT10S", "maxAttempts": 2}
    driver = Driver(flow(subflow(retry=rule)), kid(), table={"k": FAIL}).run()
    assert len(driver.executions) == 3
    assert [each.state for each in driver.run_of("s").attempts] == ["FAILED", "FAILED"]
    first, second = [each.id for each in driver.executions.values()][1:]
    assert driver.run_of("s").outputs["executionId"] == second
    late = driver.send(ChildEnded(driver.run_of("s").id, first, State.SUCCESS))
    assert late.events == ()


def test_the_end_of_an_earlier_attempts_child_is_void():
    rule = {"type": "constant", "interval": "PT10S", "maxAttempts": 2}
    driver = Driver(
        flow(subflow(retry=rule)), kid(), table={"k": Outcome(State.FAILED, seconds=50)}
    )
    driver.tick()
    run = driver.run_of("s")
    first = run.child_execution_id
    driver.send(ChildEnded(run.id, first, State.FAILED))
    driver.run_until(lambda: driver.states["s"] == "RUNNING")
    late = driver.send(ChildEnded(run.id, first, State.SUCCESS))
    assert late.events == ()
    driver.run()
    assert driver.execution.state == "FAILED"


def test_a_timeout_kills_the_child():
    driver = Driver(flow(subflow(timeout="PT5S")), kid(), table={"k": Outcome(seconds=60)}).run()
    assert driver.states == {"s": "FAILED"}
    assert child_of(driver).state == "KILLED"
    assert driver.run_of("s").failure.message == "The task ran longer than its timeout of PT5S."


def test_the_flows_timeout_kills_the_child():
    driver = Driver(flow(subflow(), timeout="PT5S"), kid(), table={"k": Outcome(seconds=60)}).run()
    assert driver.execution.state == "FAILED"
    assert child_of(driver).state == "KILLED"


@pytest.mark.parametrize("wait", [True, False])
def test_a_kill_in_the_batch_of_a_call_takes_the_request_back(wait):
    driver = Driver(flow(subflow(wait=wait)), kid())
    messages = [Begin(), KillRequested()]
    step = advance(driver.flows["main"], driver.execution, messages, driver.now, driver.ports)
    assert step.children == ()
    assert step.child_kills == ()
    assert step.execution.state == "KILLED"


def test_a_child_that_starts_during_the_kill_is_killed():
    driver = Driver(flow(subflow(wait=False)), kid(), table={"k": Outcome(seconds=50)})
    driver.tick()
    driver.kill()
    run = driver.run_of("s")
    driver.send(ChildStarted(run.id, run.child_execution_id))
    assert driver.states == {"s": "KILLING"}
    driver.run()
    assert driver.states == {"s": "KILLED"}
    assert child_of(driver).state == "KILLED"
