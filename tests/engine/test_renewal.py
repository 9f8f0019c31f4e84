"""Retries by a new execution: the failed one ends as RETRIED, another takes its place."""

from __future__ import annotations

import itertools

import pytest

from penstock.model.state import State

from .driver import FAIL, OK, Driver, flow, job, task

RULE = {
    "type": "constant",
    "interval": "PT10S",
    "maxAttempts": 3,
    "behavior": "CREATE_NEW_EXECUTION",
}


def attempts(driver: Driver) -> list:
    made = [each for each in driver.executions.values() if each.flow_id == "main"]
    return sorted(made, key=lambda each: each.attempt_number)


def failing_until(driver: Driver, number: int) -> Driver:
    """Lets `x` fail in all executions before this attempt."""
    outcome = driver.outcome

    def by_attempt(job_):
        count = sum(each.attempt_number for each in attempts(driver)[-1:])
        return (FAIL if count < number else OK) if job_.task_id == "x" else outcome(job_)

    driver.outcome = by_attempt  # type: ignore[method-assign]
    return driver.run()


@pytest.mark.parametrize(
    ("tasks", "properties", "states"),
    [
        ([job("a"), job("x", retry=RULE), job("b")], {}, "a=SUCCESS x=RETRIED"),
        ([job("x")], {"retry": RULE}, "x=RETRIED"),
        (
            [task("sequential", "s", tasks=[job("x")], retry=RULE), job("b")],
            {},
            "s=RETRIED x=RETRIED",
        ),
        (
            [task("sequential", "s", tasks=[job("x", retry=RULE)], errors=[job("e")])],
            {"errors": [job("f")], "finally": [job("g")]},
            "s=RETRIED x=RETRIED",
        ),
        (
            [task("parallel", "p", tasks=[job("x", retry=RULE), job("y")])],
            {},
            "p=RETRIED x=RETRIED y=SUCCESS",
        ),
        ([job("x", retry=RULE, allowFailure=True)], {}, "x=RETRIED"),
    ],
)
def test_the_failed_task_its_holders_and_the_execution_are_retried(tasks, properties, states):
    driver = failing_until(Driver(flow(*tasks, **properties)), 2)
    first, second = attempts(driver)
    shown = [f"{run.task_id}={run.state.value}" for run in first.task_runs.values()]
    assert " ".join(shown) == states
    assert (first.state, second.state) == (State.RETRIED, State.SUCCESS)
    assert second.original_id == first.id
    assert second.first_created_at == first.created_at
    assert second.labels == first.labels


def test_attempts_are_counted_over_executions():
    driver = failing_until(Driver(flow(job("x", retry=RULE), errors=[job("e")])), 9)
    states = [each.state.value for each in attempts(driver)]
    assert states == ["RETRIED", "RETRIED", "FAILED"]
    assert [each.attempt_number for each in attempts(driver)] == [1, 2, 3]
    last = attempts(driver)[-1]
    assert [run.task_id for run in last.task_runs.values()] == ["x", "e"]
    starts = [each.started_at for each in attempts(driver)]
    assert [(b - a).total_seconds() for a, b in itertools.pairwise(starts)] == [11, 11]


def test_a_failure_in_errors_makes_no_new_execution():
    errors = [job("x", retry=RULE)]
    driver = Driver(flow(job("y"), errors=errors), table={"x": FAIL, "y": FAIL}).run()
    assert len(attempts(driver)) == 1
    assert driver.execution.state is State.FAILED


def test_a_duration_ends_the_attempts():
    rule = {**RULE, "maxAttempts": None, "maxDuration": "PT25S"}
    driver = failing_until(Driver(flow(job("x", retry=rule))), 99)
    assert [each.state.value for each in attempts(driver)] == ["RETRIED", "RETRIED", "FAILED"]


def test_who_waits_for_the_execution_waits_for_the_next_one():
    kid = flow(job("k", retry=RULE), name="kid")
    call = task("subflow", "s", namespace="test", flowId="kid")
    driver = Driver(flow(call, job("b")), kid, table={"k": FAIL})
    kids = lambda: [each for each in driver.executions.values() if each.flow_id == "kid"]  # noqa: E731
    driver.run_until(lambda: len(kids()) == 2)
    driver.table["k"] = OK
    driver.run()
    assert driver.execution.state is State.SUCCESS
    assert driver.run_of("s").child_execution_id == kids()[1].id
    assert [each.state.value for each in kids()] == ["RETRIED", "SUCCESS"]


def test_a_kill_reaches_the_next_execution_too():
    kid = flow(job("k", retry=RULE), name="kid")
    call = task("subflow", "s", namespace="test", flowId="kid")
    driver = Driver(flow(call), kid, table={"k": FAIL})
    kids = lambda: [each for each in driver.executions.values() if each.flow_id == "kid"]  # noqa: E731
    driver.run_until(lambda: len(kids()) == 2)
    driver.kill()
    driver.run()
    assert driver.execution.state is State.KILLED
    assert [each.state.value for each in kids()] == ["RETRIED", "KILLED"]
