from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from penstock.engine.message import Finished, Lost, Started, TimerDue, TimerKind
from penstock.model.state import State

from .driver import FAIL, OK, Driver, Outcome, flow, job, task

CONSTANT = {"type": "constant", "interval": "PT10S", "maxAttempts": 3}


def starts_of(driver: Driver, key: str) -> list[float]:
    attempts = driver.run_of(key).attempts
    first = attempts[0].started_at
    return [(each.started_at - first).total_seconds() for each in attempts]


def test_attempts_count_the_first_one():
    driver = Driver(flow(job("a", retry=CONSTANT)), table={"a": FAIL}).run()
    assert driver.execution.state == "FAILED"
    assert [each.state for each in driver.run_of("a").attempts] == ["FAILED"] * 3
    assert starts_of(driver, "a") == [0, 11, 22]


def test_task_run_and_execution_wait_as_retrying():
    driver = Driver(flow(job("a", retry=CONSTANT), job("b")), table={"a": [FAIL, OK]})
    driver.run_until(lambda: driver.states["a"] == "RETRYING" if driver.states else False)
    assert driver.execution.state == "RETRYING"
    assert driver.run_of("a").retry_at - driver.now == timedelta(seconds=10)
    driver.run()
    assert driver.execution.state == "SUCCESS"
    assert [each.state for each in driver.run_of("a").history] == [
        "CREATED",
        "RUNNING",
        "RETRYING",
        "CREATED",
        "RUNNING",
        "SUCCESS",
    ]
    assert driver.run_of("a").failure is None
    assert [each.state for each in driver.execution.history] == [
        "CREATED",
        "RUNNING",
        "RETRYING",
        "RUNNING",
        "SUCCESS",
    ]


def test_exponential_delays_reach_a_cap():
    rule = {
        "type": "exponential",
        "interval": "PT1S",
        "maxInterval": "PT5S",
        "delayFactor": 2,
        "maxAttempts": 6,
    }
    driver = Driver(flow(job("a", retry=rule)), table={"a": FAIL}).run()
    starts = starts_of(driver, "a")
    assert [b - a - 1 for a, b in itertools.pairwise(starts)] == [1, 2, 4, 5, 5]


def test_random_delays_are_within_bounds_and_reproducible():
    rule = {"type": "random", "minInterval": "PT1S", "maxInterval": "PT9S", "maxAttempts": 9}
    waits = []
    for _ in range(2):
        driver = Driver(flow(job("a", retry=rule)), table={"a": FAIL}).run()
        starts = starts_of(driver, "a")
        waits.append([b - a - 1 for a, b in itertools.pairwise(starts)])
    assert waits[0] == waits[1]
    assert all(1 <= wait <= 9 for wait in waits[0])
    assert len(set(waits[0])) == 8


def test_max_duration_ends_the_attempts():
    rule = {"type": "constant", "interval": "PT10S", "maxDuration": "PT25S"}
    driver = Driver(flow(job("a", retry=rule)), table={"a": FAIL}).run()
    assert starts_of(driver, "a") == [0, 11, 22]


@pytest.mark.parametrize("outcomes", [[FAIL, OK], [OK]])
def test_warning_on_retry(outcomes):
    rule = {**CONSTANT, "warningOnRetry": True}
    driver = Driver(flow(job("a", retry=rule)), table={"a": outcomes}).run()
    assert driver.execution.state == ("WARNING" if len(outcomes) > 1 else "SUCCESS")


def test_the_nearest_rule_is_inherited():
    def rule(attempts: int) -> dict[str, object]:
        return {**CONSTANT, "maxAttempts": attempts}

    tree = task(
        "sequential",
        "s",
        retry=rule(2),
        tasks=[job("own", retry=rule(4), allowFailure=True), job("inner", allowFailure=True)],
    )
    driver = Driver(
        flow(tree, job("top", allowFailure=True), retry=rule(3)),
        table={"own": FAIL, "inner": FAIL, "top": FAIL},
    ).run()
    assert {key: len(driver.run_of(key).attempts) for key in ("own", "inner", "top")} == {
        "own": 4,
        "inner": 2,
        "top": 3,
    }
    assert driver.execution.state == "WARNING"


def test_handlers_wait_for_the_last_attempt():
    driver = Driver(
        flow(job("a", retry=CONSTANT), errors=[job("e")]), table={"a": [FAIL, FAIL, OK]}
    ).run()
    assert driver.execution.state == "SUCCESS"
    assert driver.order == ["a"]


def test_a_sibling_goes_on_while_one_retries():
    tree = task("parallel", "p", tasks=[job("a", retry=CONSTANT), job("b")])
    driver = Driver(flow(tree), table={"a": [FAIL, OK], "b": Outcome(seconds=100)}).run()
    assert driver.execution.state == "SUCCESS"


def test_a_timeout_fails_the_attempt_and_is_retried():
    driver = Driver(
        flow(job("a", timeout="PT5S", retry=CONSTANT)),
        table={"a": [Outcome(seconds=60), OK]},
    ).run()
    assert driver.execution.state == "SUCCESS"
    assert [each.state for each in driver.run_of("a").attempts] == ["FAILED", "SUCCESS"]
    assert starts_of(driver, "a") == [0, 15]


def test_a_timeout_says_so():
    driver = Driver(
        flow(job("a", timeout="{{ 'PT' ~ inputs.n ~ 'S' }}")),
        table={"a": Outcome(seconds=60)},
        inputs={"n": 5},
    ).run()
    assert driver.states == {"a": "FAILED"}
    assert driver.run_of("a").failure.message == "The task ran longer than its timeout of PT5S."
    assert [step.cancels for step in driver.steps if step.cancels] == [(driver.run_of("a").id,)]


def test_a_timeout_that_is_no_duration():
    driver = Driver(flow(job("a", timeout="{{ 'soon' }}"))).run()
    assert driver.run_of("a").failure.message == (
        "The property `timeout` cannot be used: it is no duration"
    )
    assert driver.starts == []


def test_a_timer_of_an_earlier_attempt_is_stale():
    driver = Driver(
        flow(job("a", timeout="PT30S", retry=CONSTANT)),
        table={"a": [FAIL, Outcome(seconds=25)]},
    ).run()
    assert driver.execution.state == "SUCCESS"


@pytest.mark.parametrize("with_start", [True, False])
def test_a_lost_attempt_is_dispatched_anew(with_start):
    driver = Driver(flow(job("a")))
    driver.tick()
    run = driver.run_of("a")
    if with_start:
        driver.tick()
    step = driver.send(Lost(run.id, run.fence))
    assert [each.fence for each in step.jobs] == [run.fence + 1]
    assert [each.attempt for each in step.jobs] == [2]
    late = driver.send(Finished(run.id, run.fence, State.SUCCESS, driver.now, driver.now, "dead"))
    assert late.events == ()
    driver.run()
    assert [each.state for each in driver.run_of("a").attempts] == ["RESUBMITTED", "SUCCESS"]
    assert driver.run_of("a").attempts[-1].worker == "worker"


def test_a_lost_attempt_does_not_use_up_a_retry():
    driver = Driver(flow(job("a", retry={**CONSTANT, "maxAttempts": 2})), table={"a": FAIL})
    driver.tick()
    run = driver.run_of("a")
    driver.send(Lost(run.id, run.fence))
    driver.run()
    assert [each.state for each in driver.run_of("a").attempts] == [
        "RESUBMITTED",
        "FAILED",
        "FAILED",
    ]


@pytest.mark.parametrize(
    ("deaths", "blameless", "waiting", "state"),
    [
        (4, 0, 0, "SUCCESS"),
        (5, 0, 0, "FAILED"),
        (4, 3, 0, "SUCCESS"),
        (4, 0, 3, "SUCCESS"),
    ],
)
def test_a_task_that_takes_five_workers_with_it_is_not_tried_again(
    deaths, blameless, waiting, state
):
    """Losses before it began, and those of workers that stopped in order, do not count."""
    retry = {**CONSTANT, "maxAttempts": 9}
    driver = Driver(
        flow(job("a", retry=retry), errors=[job("e")]), table={"a": Outcome(seconds=100)}
    )
    driver.tick()
    for _ in range(waiting):
        run = driver.run_of("a")
        driver.send(Lost(run.id, run.fence))
    for _ in range(deaths):
        driver.run_until(lambda: driver.states.get("a") == "RUNNING")
        run = driver.run_of("a")
        driver.send(Lost(run.id, run.fence))
    for _ in range(blameless):
        driver.run_until(lambda: driver.states.get("a") == "RUNNING")
        run = driver.run_of("a")
        driver.send(Lost(run.id, run.fence, blameless=True))
    driver.run()
    run = driver.run_of("a")
    assert run.state == state
    if state == "FAILED":
        assert "lost its worker 5 times" in run.failure.message
        assert [each.state for each in run.attempts] == ["RESUBMITTED"] * 4 + ["FAILED"]
        assert driver.states["e"] == "SUCCESS", "its error handlers run"
    assert driver.execution.state == state


def test_a_lost_attempt_of_a_killed_execution_is_killed():
    driver = Driver(flow(job("a")), table={"a": Outcome(seconds=100)})
    driver.run_until(lambda: driver.states.get("a") == "RUNNING")
    run = driver.run_of("a")
    driver.kill()
    driver.send(Lost(run.id, run.fence))
    assert driver.states == {"a": "KILLED"}
    assert driver.execution.state == "KILLED"
    assert len(driver.run_of("a").attempts) == 1


def test_a_result_after_the_kill_is_a_kill():
    driver = Driver(flow(job("a"), job("b")), table={"a": Outcome(seconds=100)})
    driver.run_until(lambda: driver.states.get("a") == "RUNNING")
    run = driver.run_of("a")
    driver.kill()
    driver.send(Finished(run.id, run.fence, State.SUCCESS, driver.now, driver.now, "w", {"x": 1}))
    assert driver.states == {"a": "KILLED"}
    assert driver.execution.task_runs.outputs == {}


def test_a_kill_while_waiting_for_a_retry():
    driver = Driver(flow(job("a", retry=CONSTANT)), table={"a": FAIL})
    driver.run_until(lambda: driver.states.get("a") == "RETRYING")
    driver.kill()
    assert driver.execution.state == "KILLED"
    assert [each.state for each in driver.run_of("a").attempts] == ["FAILED"]
    driver.run()
    assert len(driver.starts) == 1


def test_void_messages_change_nothing():
    driver = Driver(flow(job("a"), job("b")))
    driver.tick()
    run = driver.run_of("a")
    moment = driver.now
    for message in (
        Started(run.id, run.fence - 1, moment, "w"),
        Finished(run.id, run.fence + 1, State.SUCCESS, moment, moment, "w"),
        Finished("nobody", 1, State.SUCCESS, moment, moment, "w"),
        Lost(run.id, 0),
        TimerDue(TimerKind.RETRY, run.id, run.fence),
        TimerDue(TimerKind.TIMEOUT, run.id, run.fence),
        TimerDue(TimerKind.TIMEOUT, None),
        TimerDue(TimerKind.EXECUTION_TIMEOUT),
        TimerDue(TimerKind.WAKE),
    ):
        before = driver.execution
        step = driver.send(message)
        assert step.execution is before
        assert step == type(step)(before)


class TestFlowTimeout:
    def test_it_fails_what_runs_and_handles(self):
        tree = task("sequential", "s", tasks=[job("x"), job("y")], errors=[job("le")])
        driver = Driver(
            flow(tree, job("b"), timeout="PT5S", errors=[job("e")], finally_=[job("f")]),
            table={"x": Outcome(seconds=60)},
        ).run()
        assert driver.states == {"s": "FAILED", "x": "FAILED", "e": "SUCCESS", "f": "SUCCESS"}
        assert driver.execution.state == "FAILED"
        assert driver.execution.failure.message == (
            "The execution ran longer than the flow's timeout of PT5S."
        )

    def test_during_errors_finally_is_next(self):
        driver = Driver(
            flow(job("a"), timeout="PT5S", errors=[job("e"), job("e2")], finally_=[job("f")]),
            table={"a": FAIL, "e": Outcome(seconds=60)},
        ).run()
        assert driver.order == ["a", "e", "f"]

    def test_during_finally_it_is_the_end(self):
        driver = Driver(
            flow(job("a"), timeout="PT5S", finally_=[job("f"), job("f2")]),
            table={"f": Outcome(seconds=60)},
        ).run()
        assert driver.states == {"a": "SUCCESS", "f": "FAILED"}
        assert driver.execution.state == "FAILED"

    def test_an_execution_in_time_ends_as_usual(self):
        driver = Driver(flow(job("a"), timeout="PT5S")).run()
        assert driver.execution.state == "SUCCESS"
