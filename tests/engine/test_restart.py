"""Restarts: what failed runs again in the same execution, the rest stays."""

from __future__ import annotations

import pytest

from penstock.engine.message import Begin, Finished, KillRequested, Refused
from penstock.engine.operation import (
    Restart,
    SetLabels,
    SetState,
    SetTaskRunState,
)
from penstock.errors import Conflict
from penstock.model.state import State

from .driver import FAIL, OK, Driver, Outcome, flow, job, task

FAIL_ONCE = [FAIL, OK]


def restarted(*tasks, table=None, **properties) -> Driver:
    driver = Driver(flow(*tasks, **properties), table=table).run()
    assert driver.execution.state is State.FAILED
    return driver.restart().run()


@pytest.mark.parametrize(
    ("tasks", "properties", "starts", "order"),
    [
        # A failed task runs again, and what follows it runs.
        ([job("a"), job("x"), job("c")], {}, "a x x c", "a x c"),
        # Errors and finally of the first round are gone, finally runs anew.
        (
            [job("a"), job("x")],
            {"errors": [job("e")], "finally": [job("f")]},
            "a x e f x f",
            "a x f",
        ),
        ([job("x")], {"afterExecution": [job("z")]}, "x z x z", "x z"),
        # Flowables go on where they stood.
        (
            [task("sequential", "s", tasks=[job("a"), job("x"), job("b")]), job("c")],
            {},
            "a x x b c",
            "s a x b c",
        ),
        (
            [task("sequential", "s", tasks=[job("x")], errors=[job("e")]), job("c")],
            {},
            "x e x c",
            "s x c",
        ),
        (
            [task("parallel", "p", concurrent=1, tasks=[job("a"), job("x"), job("b")])],
            {},
            "a x x b",
            "p a x b",
        ),
        ([task("if", "i", condition="true", then=[job("x"), job("b")])], {}, "x x b", "i x b"),
    ],
)
def test_a_restart_runs_what_failed_and_what_follows(tasks, properties, starts, order):
    driver = restarted(*tasks, table={"x": FAIL_ONCE}, **properties)
    assert driver.execution.state is State.SUCCESS
    assert driver.starts == starts.split()
    assert driver.order == order.split()
    assert driver.execution.labels["system.restarted"] == "true"


@pytest.mark.parametrize(
    ("tasks", "starts", "order"),
    [
        (
            [task("folder", "w", tasks=[job("a"), job("x"), job("b")]), job("c")],
            "a x a x b c",
            "w a x b c",
        ),
        (
            [
                job("o"),
                task("folder", "w", tasks=[job("a"), job("x")], errors=[job("e")]),
                task("folder", "v", tasks=[job("b")]),
            ],
            "o a x e a x b",
            "o w a x v b",
        ),
        (
            [
                task(
                    "parallel",
                    "p",
                    tasks=[
                        task("folder", "w", tasks=[job("a"), job("x")]),
                        task("folder", "v", tasks=[job("b")]),
                    ],
                )
            ],
            "a b x a x",
            "p w v b a x",
        ),
    ],
)
def test_what_shared_a_folder_runs_again_from_its_first_task(tasks, starts, order):
    driver = Driver(flow(*tasks), table={"x": FAIL}).run()
    assert driver.execution.state is State.FAILED
    driver.table["x"] = OK
    driver.restart().run()
    assert driver.execution.state is State.SUCCESS
    assert driver.starts == starts.split()
    assert driver.order == order.split()


def test_attempts_accumulate_and_times_stay_in_order():
    driver = restarted(job("x"), table={"x": FAIL_ONCE})
    run = driver.run_of("x")
    assert [each.state.value for each in run.attempts] == ["FAILED", "SUCCESS"]
    assert [each.state.value for each in run.history] == (
        ["CREATED", "RUNNING", "FAILED", "RESTARTED", "CREATED", "RUNNING", "SUCCESS"]
    )
    states = [each.state.value for each in driver.execution.history]
    assert states == ["CREATED", "RUNNING", "FAILED", "RESTARTED", "RUNNING", "SUCCESS"]
    assert driver.execution.failure is None


def test_an_iteration_that_was_cut_short_goes_on():
    each = task(
        "each",
        "f",
        values='["1", "2", "3"]',
        concurrencyLimit=2,
        tasks=[job("x"), job("y")],
    )
    table = {"x": [FAIL, OK], "y": [FAIL, OK]}
    driver = Driver(flow(each), table=table).run()
    while driver.execution.state is State.FAILED:
        driver.restart().run()
    assert driver.execution.state is State.SUCCESS
    assert sorted(driver.order) == ["f", "x[1]", "x[2]", "x[3]", "y[1]", "y[2]", "y[3]"]


def test_siblings_that_succeeded_do_not_run_again():
    both = task("parallel", "p", tasks=[job("a"), job("x"), job("b")])
    driver = restarted(both, table={"x": FAIL_ONCE})
    assert sorted(driver.starts) == ["a", "b", "x", "x"]


def test_a_task_that_may_fail_is_not_restarted():
    driver = restarted(job("w", allowFailure=True), job("x"), table={"w": FAIL, "x": FAIL_ONCE})
    assert driver.execution.state is State.WARNING
    assert driver.starts.count("w") == 1


def test_a_result_of_the_round_before_is_void():
    slow = Outcome(seconds=100)
    driver = Driver(flow(job("x", timeout="PT1S"), job("b")), table={"x": slow}).run()
    before = driver.run_of("x")
    driver.send(Restart())
    late = Finished(before.id, before.fence, State.SUCCESS, driver.now, driver.now, "worker")
    step = driver.send(late)
    assert step.events == ()
    driver.send(Begin())
    assert driver.run_of("x").fence > before.fence + 1
    assert driver.send(late).events == ()


def test_the_flows_timeout_counts_anew():
    table = {"a": Outcome(seconds=50), "x": [Outcome(State.FAILED, seconds=5), Outcome(seconds=50)]}
    driver = Driver(flow(job("a"), job("x"), timeout="PT1M"), table=table)
    driver.run_until(lambda: driver.execution.state is State.FAILED)
    driver.restart().run()
    assert driver.execution.state is State.SUCCESS


def test_a_restart_may_wait_for_a_slot_and_be_killed_there():
    driver = Driver(flow(task("sequential", "s", tasks=[job("x")])), table={"x": FAIL}).run()
    driver.send(Restart())
    driver.send(Refused(State.QUEUED, "full"))
    assert driver.execution.state is State.QUEUED
    driver.send(KillRequested("enough"))
    assert driver.execution.state is State.KILLED
    assert driver.states == {"s": "KILLED", "x": "KILLED"}


def test_a_condition_is_looked_at_again():
    broken = job("x", runIf="{{ nothing.here }}")
    driver = Driver(flow(broken, job("b"))).run()
    driver.restart().run()
    assert driver.execution.state is State.FAILED
    assert len(driver.run_of("x").attempts) == 2


def kid():
    return flow(job("k"), name="kid")


def call(**properties):
    return task("subflow", "s", namespace="test", flowId="kid", **properties)


def test_a_subflow_restarts_its_child():
    driver = Driver(flow(call(), job("b")), kid(), table={"k": FAIL_ONCE}).run()
    child = driver.run_of("s").child_execution_id
    driver.restart().run()
    assert driver.execution.state is State.SUCCESS
    assert driver.run_of("s").child_execution_id == child
    assert driver.executions[child].state is State.SUCCESS


def test_a_subflow_starts_another_child():
    driver = Driver(flow(call(restartBehavior="NEW_EXECUTION")), kid(), table={"k": FAIL}).run()
    child = driver.run_of("s").child_execution_id
    driver.table["k"] = OK
    driver.restart().run()
    assert driver.execution.state is State.SUCCESS
    assert driver.run_of("s").child_execution_id != child


def test_a_child_that_cannot_be_restarted_is_replaced():
    driver = Driver(flow(call()), kid(), table={"k": FAIL}).run()
    child = driver.run_of("s").child_execution_id
    k = next(iter(driver.executions[child].task_runs))
    driver.send(SetTaskRunState(k, State.SUCCESS), child)
    driver.table["k"] = OK
    driver.post(Begin(), execution_id=child)
    driver.run()
    driver.restart().run()
    assert driver.execution.state is State.SUCCESS
    assert driver.run_of("s").child_execution_id != child


@pytest.mark.parametrize("state", ["SUCCESS", "WARNING"])
def test_a_task_runs_state_is_set_and_the_flow_goes_on(state):
    driver = Driver(
        flow(task("sequential", "s", tasks=[job("x"), job("b")]), job("c"), errors=[job("e")]),
        table={"x": FAIL},
    ).run()
    driver.send(SetTaskRunState(driver.run_of("x").id, State(state)))
    driver.post(Begin())
    driver.run()
    assert driver.execution.state.value == state
    assert driver.starts == ["x", "e", "b", "c"]
    assert driver.order == ["s", "x", "b", "c"]


def test_the_last_task_can_be_made_to_fail():
    driver = Driver(flow(job("a"), job("b"), errors=[job("e")])).run()
    driver.send(SetTaskRunState(driver.run_of("b").id, State.FAILED))
    driver.post(Begin())
    driver.run()
    assert driver.execution.state is State.FAILED
    assert driver.order == ["a", "b", "e"]


def test_an_executions_state_is_set_and_nothing_runs():
    driver = Driver(flow(job("x")), table={"x": FAIL}).run()
    step = driver.send(SetState(State.WARNING))
    assert driver.execution.state is State.WARNING
    assert driver.execution.failure is None
    assert step.jobs == ()


def test_labels_of_the_system_stay():
    driver = Driver(flow(job("x"), labels={"a": "1"})).run()
    driver.send(SetLabels({"b": "2"}))
    assert driver.execution.labels == {"b": "2", "system.correlationId": driver.main}


@pytest.mark.parametrize(
    ("operation", "sentence"),
    [
        (Restart(), "No task found to restart execution from!"),
        (SetState(State.SUCCESS), "is SUCCESS already"),
        (SetState(State.RUNNING), "can be set to SUCCESS, WARNING, FAILED, CANCELLED"),
        (SetTaskRunState("nobody", State.SUCCESS), "has no task run 'nobody'"),
        (SetTaskRunState("", State.KILLED), "has no task run"),
        (SetLabels({"system.x": "1"}), "belongs to the system"),
    ],
)
def test_what_does_not_fit_an_ended_execution_is_refused(operation, sentence):
    driver = Driver(flow(job("a"), job("b"))).run()
    with pytest.raises(Conflict, match=sentence):
        driver.send(operation)


def test_later_tasks_forbid_to_make_a_task_fail():
    driver = Driver(flow(job("a"), job("b"))).run()
    with pytest.raises(Conflict, match="Later tasks have run after `a`"):
        driver.send(SetTaskRunState(driver.run_of("a").id, State.FAILED))


@pytest.mark.parametrize("operation", [Restart(), SetState(State.FAILED), SetLabels({})])
def test_what_runs_is_not_operated_on(operation):
    driver = Driver(flow(job("a")))
    driver.tick()
    with pytest.raises(Conflict, match="The execution is RUNNING"):
        driver.send(operation)


@pytest.mark.parametrize("operation", [Restart(), SetState(State.SUCCESS)])
def test_what_was_killed_stays_killed(operation):
    driver = Driver(flow(job("a")))
    driver.tick()
    driver.kill()
    driver.run()
    with pytest.raises(Conflict, match="killed"):
        driver.send(operation)
