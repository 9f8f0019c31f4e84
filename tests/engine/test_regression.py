"""What random flows under random operations have found, each in its smallest form."""

from __future__ import annotations

import pytest

from penstock.engine import check
from penstock.engine.operation import PauseRequested, Restart, SetState, SetTaskRunState
from penstock.engine.replay import Again, Version, replayed
from penstock.errors import Conflict
from penstock.model.state import State
from penstock.model.task import Task

from .driver import FAIL, Driver, Outcome, flow, job, task


def test_a_second_task_that_kills_in_the_same_step_lets_nothing_follow_it():
    bad = task("exit", "out", state="KILLED")
    each = task("each", "f", values=["a", "b"], concurrencyLimit=0, tasks=[bad, job("next")])
    driver = Driver(flow(task("parallel", "p", tasks=[each]))).run()
    assert driver.execution.state is State.KILLED
    assert driver.starts == []
    assert set(driver.states.values()) == {"KILLED"}


def test_the_state_of_a_task_cannot_change_when_a_task_after_its_flowable_has_run():
    group = task("sequential", "s", tasks=[job("a")])
    driver = Driver(flow(group, job("b")), table={"b": FAIL}).run()
    with pytest.raises(Conflict, match=r"after `s`, so `a` cannot become WARNING\. A replay"):
        driver.send(SetTaskRunState(driver.run_of("a").id, State.WARNING))
    assert driver.execution.state is State.FAILED


def test_a_restart_leaves_a_call_alone_whose_execution_is_paused():
    kid = flow(task("pause", "wait"), job("k"), name="kid")
    call = task("subflow", "call", namespace="test", flowId="kid", wait=True, transmitFailed=True)
    pause = task("pause", "hold")
    driver = Driver(flow(task("parallel", "p", tasks=[call, pause])), kid).run()
    assert driver.states == {"p": "RUNNING", "call": "PAUSED", "hold": "PAUSED"}
    child = driver.run_of("call").child_execution_id
    driver.restart().run()
    assert driver.run_of("call").child_execution_id == child
    driver.resume(execution_id=child)
    driver.resume("hold")
    assert driver.run().execution.state is State.SUCCESS


def test_a_restart_of_what_only_waits_for_a_paused_execution_is_refused():
    kid = flow(task("pause", "wait"), name="kid")
    call = task("subflow", "call", namespace="test", flowId="kid", wait=True, transmitFailed=True)
    driver = Driver(flow(call), kid).run()
    assert driver.execution.state is State.PAUSED
    with pytest.raises(Conflict, match="No task found"):
        driver.send(Restart())


def test_a_restart_beside_a_task_that_works_or_waits_for_its_next_attempt():
    retry = {"type": "constant", "interval": "PT9S", "maxAttempts": 2}
    tasks = [job("slow"), job("twice", retry=retry), task("sequential", "s", tasks=[job("x")])]
    table = {"slow": Outcome(seconds=20), "twice": [FAIL, Outcome()], "x": FAIL}
    driver = Driver(flow(task("parallel", "p", tasks=tasks)), table=table)
    driver.run_until(lambda: driver.states.get("x") == "FAILED")
    driver.run_until(lambda: driver.states.get("twice") == "RETRYING")
    driver.send(PauseRequested("ann"))
    driver.table["x"] = Outcome()
    driver.restart().run()
    assert driver.execution.state is State.SUCCESS
    assert driver.starts == ["slow", "twice", "x", "x", "twice"]


def test_no_state_of_a_task_is_set_while_others_work_after_an_exit():
    group = task("sequential", "s", tasks=[job("w"), task("exit", "out", state="FAILED")])
    tree = task("parallel", "p", tasks=[job("slow"), group])
    driver = Driver(flow(tree), table={"slow": Outcome(seconds=20)})
    driver.run_until(lambda: driver.execution.state.is_terminated)
    assert driver.states["slow"] == "RUNNING"
    with pytest.raises(Conflict, match="Task `slow` of the execution still runs"):
        driver.send(SetTaskRunState(driver.run_of("out").id, State.SUCCESS))


def test_an_execution_that_a_task_has_ended_may_be_given_another_state():
    driver = Driver(flow(task("exit", "out", state="WARNING"))).run()
    driver.send(SetState(State.SUCCESS))
    assert driver.execution.state is State.SUCCESS
    assert check(driver.execution, driver.flows["main"]) == []


def test_what_an_exit_had_ended_stays_as_it_was_when_the_execution_goes_on():
    inner = task("parallel", "in", tasks=[job("x"), task("exit", "out", state="SUCCESS")])
    first = task("sequential", "s", tasks=[job("a")], allowFailure=True)
    outer = task("parallel", "p", concurrent=1, tasks=[first, inner])
    driver = Driver(flow(outer, job("z")), table={"a": FAIL, "x": FAIL}).run()
    before = driver.states["in"]
    driver.send(SetTaskRunState(driver.run_of("a").id, State.SUCCESS))
    assert driver.states["in"] == before


def graph(**needs: str) -> Task:
    tasks = [{"task": job(name), "dependsOn": list(before)} for name, before in needs.items()]
    return task("dag", "d", tasks=tasks)


def test_a_replay_in_a_graph_starts_all_anew_that_waits_for_the_task():
    driver = Driver(flow(graph(a="", b="a", c="b", x=""))).run()
    main = driver.flows["main"]
    about = Again(driver.ports.new_id(), driver.now, None, driver.ports.new_id)
    run_id = driver.run_of("a").id
    made = replayed(driver.execution, main, Version(main, 1, "h"), about, task_run_id=run_id)
    driver.starts.clear()
    driver.again(made)
    assert driver.starts == ["a", "b", "c"]
    assert driver.execution.state is State.SUCCESS


def test_another_revision_of_a_graph_starts_anew_what_waits_for_a_new_task():
    driver = Driver(flow(graph(a="", b="a", x="", y="b"), job("z")), table={"z": FAIL}).run()
    old = driver.flows["main"]
    new = flow(graph(a="", n="a", b="an", x="", y="b"), job("z"))
    about = Again(driver.ports.new_id(), driver.now, None, driver.ports.new_id)
    run_id = driver.run_of("x").id
    made = replayed(driver.execution, old, Version(new, 2, "h"), about, task_run_id=run_id)
    driver.flows["main"] = new
    driver.starts.clear()
    driver.again(made)
    assert sorted(driver.starts) == ["b", "n", "x", "y", "z"]
    assert driver.execution.state is State.FAILED


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED])
def test_the_state_of_a_task_in_a_graph_stays_when_others_that_wait_for_it_have_run(state):
    driver = Driver(flow(graph(a="", b="a"))).run()
    with pytest.raises(Conflict, match="Later tasks have run after `a`"):
        driver.send(SetTaskRunState(driver.run_of("a").id, state))
