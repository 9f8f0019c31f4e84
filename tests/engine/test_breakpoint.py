"""Breakpoints: an execution stands still before a task until somebody lets it go on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from penstock.engine.operation import Restart, ResumeFromBreakpoint
from penstock.errors import Conflict
from penstock.model.state import State

from .driver import FAIL, OK, Driver, flow, job, task


def driven(*tasks, at: tuple[str, ...], table=None, **properties) -> Driver:
    driver = Driver(flow(*tasks, **properties), table=table)
    driver.executions[driver.main] = replace(driver.execution, breakpoints=at)
    return driver.run()


def let_go(driver: Driver, *at: str) -> Driver:
    driver.send(ResumeFromBreakpoint("ann", at or None))
    return driver.run()


@pytest.mark.parametrize(
    ("tasks", "at", "starts"),
    [
        ([job("a"), job("b"), job("c")], ("b",), "a"),
        ([job("a")], ("a",), ""),
        ([job("a"), task("sequential", "s", tasks=[job("b")])], ("s",), "a"),
        ([task("sequential", "s", tasks=[job("a"), job("b")])], ("b",), "a"),
        ([task("parallel", "p", tasks=[job("a"), job("b")]), job("c")], ("b",), "a"),
        ([task("each", "f", values='["1", "2"]', tasks=[job("x")])], ("x.2",), "x"),
        ([job("a"), job("b", runIf="false"), job("c")], ("b",), "a"),
    ],
)
def test_it_stands_before_the_task_and_goes_on(tasks, at, starts):
    driver = driven(*tasks, at=at)
    assert driver.execution.state is State.BREAKPOINT
    assert driver.starts == starts.split()
    assert State.BREAKPOINT in {run.state for run in driver.execution.task_runs.values()}
    let_go(driver)
    assert driver.execution.state is State.SUCCESS
    assert driver.states.get("c", "SUCCESS") == "SUCCESS"


def test_other_breakpoints_may_be_given():
    driver = driven(job("a"), job("b"), job("c"), job("d"), at=("b",))
    let_go(driver, "d")
    assert driver.execution.state is State.BREAKPOINT
    assert driver.starts == ["a", "b", "c"]
    assert driver.execution.breakpoints == ("d",)
    assert let_go(driver).execution.state is State.SUCCESS


def test_each_iteration_may_stand_alone():
    each = task("each", "f", values='["1", "2"]', tasks=[job("x")])
    driver = driven(each, at=("x",))
    let_go(driver)
    assert driver.starts == ["x"]
    assert driver.execution.state is State.BREAKPOINT
    assert let_go(driver).execution.state is State.SUCCESS


def test_what_stands_at_a_breakpoint_is_killed():
    driver = driven(task("sequential", "s", tasks=[job("a"), job("b")]), at=("b",))
    driver.kill()
    driver.run()
    assert driver.execution.state is State.KILLED
    assert driver.states == {"s": "KILLED", "a": "SUCCESS", "b": "KILLED"}


def test_the_flows_timeout_counts_at_a_breakpoint():
    driver = Driver(flow(job("a"), job("b"), timeout="PT10S", errors=[job("e")]))
    driver.executions[driver.main] = replace(driver.execution, breakpoints=("b",))
    driver.run()
    assert driver.execution.state is State.FAILED
    assert driver.states == {"a": "SUCCESS", "b": "FAILED", "e": "SUCCESS"}


def test_a_restart_stands_at_breakpoints_that_come():
    driver = driven(job("x"), job("b"), at=("b",), table={"x": [FAIL, OK]})
    assert driver.execution.state is State.FAILED
    driver.restart().run()
    assert driver.execution.state is State.BREAKPOINT
    assert let_go(driver).execution.state is State.SUCCESS


@pytest.mark.parametrize("operation", [ResumeFromBreakpoint("ann"), Restart()])
def test_what_does_not_fit_is_refused(operation):
    driver = Driver(flow(job("a")))
    driver.tick()
    with pytest.raises(Conflict, match="The execution is RUNNING"):
        driver.send(operation)
    halted = driven(job("a"), at=("a",))
    if isinstance(operation, Restart):
        with pytest.raises(Conflict, match="The execution is BREAKPOINT"):
            halted.send(operation)
