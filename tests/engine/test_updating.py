"""Tasks that change their execution: labels, variables, and its end."""

from __future__ import annotations

import pytest

from penstock.engine import is_over
from penstock.engine.message import Begin, Finished, TimerDue, TimerKind
from penstock.engine.operation import Restart, SetTaskRunState
from penstock.model.state import State

from .driver import FAIL, Driver, Outcome, flow, job, task

LONG = Outcome(seconds=60)
RETRY = {"type": "constant", "interval": "PT10S", "maxAttempts": 3}


def test_what_is_set_is_seen_by_the_next_expression_in_the_same_step():
    main = flow(
        task("set", "one", variables={"n": 1}),
        task("set", "two", variables={"n": "{{ vars.n + 1 }}"}),
        task("labels", "mark", labels={"n": "{{ vars.n }}"}),
        task("if", "ask", condition="{{ labels.n == '2' }}", then=[job("yes")]),
        variables={"n": 0, "kept": True},
    )
    driver = Driver(main)
    driver.tick()
    assert driver.order == ["one", "two", "mark", "ask", "yes"]
    assert driver.execution.variables == {"n": 2, "kept": True}
    assert driver.execution.labels["n"] == "2"
    assert main.variables == {"n": 0, "kept": True}


def test_the_events_tell_which_names_changed_and_no_value_of_a_variable():
    main = flow(
        task("set", "s", variables={"a": "secret", "b": 1}),
        task("labels", "l", labels={"team": "data"}),
        variables={"b": 1},
    )
    driver = Driver(main).run()
    told = [event.detail for event in driver.events[driver.main] if event.kind == "updated"]
    assert told == [{"variables": ["a"]}, {"labels": {"team": "data"}}]


@pytest.mark.parametrize("state", ["SUCCESS", "WARNING", "FAILED", "CANCELLED"])
def test_an_exit_ends_those_that_hold_it_and_leaves_siblings_to_finish(state):
    inner = task("sequential", "in", tasks=[task("exit", "out", state=state), job("never")])
    beside = task("sequential", "beside", tasks=[job("long"), job("never-too")])
    main = flow(
        task("parallel", "p", tasks=[beside, inner]),
        job("never-three"),
        errors=[job("e")],
        finally_=[job("f")],
        after_execution=[job("z")],
    )
    driver = Driver(main, table={"long": LONG})
    driver.run_until(lambda: "z" in driver.states)
    assert driver.execution.state == state
    assert driver.states["long"] in {"CREATED", "RUNNING"}
    assert not is_over(driver.execution)
    driver.run()
    assert is_over(driver.execution)
    assert driver.order == ["p", "beside", "in", "long", "out", "z"]
    assert driver.states["p"] == driver.states["in"] == driver.states["out"] == state
    assert driver.states["long"] == driver.states["beside"] == "SUCCESS"


def test_an_exit_as_killed_stops_the_siblings():
    main = flow(task("parallel", "p", tasks=[job("long"), task("exit", "out", state="KILLED")]))
    driver = Driver(main, table={"long": LONG})
    driver.tick()
    driver.run()
    assert driver.execution.state == "KILLED"
    assert set(driver.states.values()) == {"KILLED"}


def test_what_waits_for_another_attempt_gets_none_after_an_exit():
    late = task("sequential", "s", tasks=[job("a"), task("exit", "out")])
    main = flow(
        task("parallel", "p", tasks=[job("bad", retry=RETRY), job("worse", retry=RETRY), late])
    )
    table = {"bad": FAIL, "a": Outcome(seconds=2), "worse": Outcome(State.FAILED, seconds=4)}
    driver = Driver(main, table=table).run()
    assert driver.execution.state == "SUCCESS"
    assert driver.states["bad"] == driver.states["worse"] == "FAILED"
    assert len(driver.run_of("bad").attempts) == len(driver.run_of("worse").attempts) == 1


def test_messages_after_an_exit_change_nothing():
    driver = Driver(flow(task("exit", "out", state="CANCELLED"), timeout="PT5S")).run()
    before = driver.execution
    run = driver.run_of("out")
    driver.send(TimerDue(TimerKind.EXECUTION_TIMEOUT))
    driver.send(Finished(run.id, run.fence, State.SUCCESS, driver.now, driver.now, "w"))
    driver.kill()
    assert driver.execution == before


def test_an_execution_that_was_left_can_be_restarted():
    main = flow(
        task("exit", "out", state="FAILED", runIf="{{ labels.go is not defined }}"), job("b")
    )
    driver = Driver(main).run()
    assert driver.execution.state == "FAILED"
    driver.send(Restart())
    driver.send(Begin())
    driver.run()
    assert driver.execution.state == "FAILED"
    assert driver.order == ["out"]


def test_a_task_run_that_left_can_be_set_by_hand_and_the_flow_goes_on():
    tree = task("sequential", "s", tasks=[task("exit", "out", state="CANCELLED"), job("a")])
    driver = Driver(flow(tree, job("b"))).run()
    driver.send(SetTaskRunState(driver.run_of("out").id, State.SUCCESS))
    driver.send(Begin())
    driver.run()
    assert driver.execution.state == "SUCCESS"
    assert driver.order == ["s", "out", "a", "b"]
