from __future__ import annotations

from itertools import pairwise

from .driver import FAIL, Driver, flow, job


def test_tasks_run_in_order():
    driver = Driver(flow(job("a"), job("b"), job("c"))).run()
    assert driver.execution.state == "SUCCESS"
    assert driver.order == ["a", "b", "c"]


def test_B03_the_next_task_starts_after_the_last_has_ended():
    driver = Driver(flow(*(job(f"t{n}") for n in range(20)))).run()
    runs = list(driver.execution.task_runs.values())
    assert len(runs) == 20
    for one, following in pairwise(runs):
        assert one.ended_at is not None
        assert following.started_at is not None
        assert following.started_at >= one.ended_at
        assert following.history[0].at >= one.ended_at


def test_a_failure_stops_the_flow():
    driver = Driver(flow(job("a"), job("b"), job("c")), table={"b": FAIL}).run()
    assert driver.states == {"a": "SUCCESS", "b": "FAILED"}
    assert driver.execution.state == "FAILED"
    assert driver.execution.failure is not None
    assert driver.execution.failure.message == "Task `b` failed: It broke."
