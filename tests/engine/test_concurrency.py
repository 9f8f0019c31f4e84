from __future__ import annotations

import pytest

from penstock.engine import admit, is_over
from penstock.engine.message import Begin, Refused
from penstock.model.concurrency import Concurrency

from .driver import Driver, flow, job


def limit(behavior: str) -> Concurrency:
    return Concurrency.model_validate({"limit": 2, "behavior": behavior})


@pytest.mark.parametrize("running", [0, 1])
def test_a_free_slot(running):
    assert admit(limit("QUEUE"), running) == Begin()
    assert admit(None, 10_000) == Begin()


@pytest.mark.parametrize(
    ("behavior", "state"), [("QUEUE", "QUEUED"), ("CANCEL", "CANCELLED"), ("FAIL", "FAILED")]
)
def test_no_free_slot(behavior, state):
    message = admit(limit(behavior), 2)
    assert isinstance(message, Refused)
    driver = Driver(flow(job("a"), after_execution=[job("z")]))
    driver.send(message)
    assert driver.execution.state == state
    assert driver.states == {}
    assert is_over(driver.execution) == (state != "QUEUED")
    if state != "QUEUED":
        assert driver.execution.failure.message == (
            f"Execution is {state} due to concurrency limit exceeded"
        )


def test_a_queued_execution_begins_later_or_is_killed():
    for kill in (False, True):
        driver = Driver(flow(job("a")))
        driver.send(admit(limit("QUEUE"), 2))
        if kill:
            driver.kill()
        driver.run()
        assert driver.execution.state == ("KILLED" if kill else "SUCCESS")
