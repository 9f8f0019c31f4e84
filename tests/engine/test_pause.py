"""Pausing: by a task, by somebody, and what goes on meanwhile."""

from __future__ import annotations

from dataclasses import replace

import pytest

from penstock.engine import advance
from penstock.engine.message import Begin, Lost, TimerDue, TimerKind
from penstock.engine.operation import Restart, ResumeRequested
from penstock.errors import Conflict, InvalidInputs
from penstock.model.state import State

from .driver import FAIL, Driver, Outcome, flow, job, task


def pause(name: str = "wait", **properties: object):
    return task("pause", name, **properties)


def history(driver: Driver) -> list[str]:
    return [change.state.value for change in driver.execution.history]


def test_a_pause_waits_until_somebody_resumes_it():
    driver = Driver(flow(job("a"), pause(), job("b"))).run()
    assert driver.states == {"a": "SUCCESS", "wait": "PAUSED"}
    assert driver.execution.state is State.PAUSED
    driver.resume()
    driver.run()
    assert driver.states == {"a": "SUCCESS", "wait": "SUCCESS", "b": "SUCCESS"}
    assert history(driver) == ["CREATED", "RUNNING", "PAUSED", "RUNNING", "SUCCESS"]
    outputs = driver.run_of("wait").outputs
    assert outputs == {
        "resumed": {"by": "ann", "on": "2026-01-01T00:00:01.000Z", "to": "SUCCESS"},
    }


@pytest.mark.parametrize(
    ("behavior", "state", "rest"),
    [
        ("RESUME", "SUCCESS", True),
        ("WARN", "WARNING", True),
        ("CANCEL", "CANCELLED", False),
        ("FAIL", "FAILED", False),
    ],
)
def test_when_the_duration_is_over_the_behavior_decides(behavior: str, state: str, *, rest: bool):
    wait = pause(pauseDuration="PT1H", behavior=behavior)
    driver = Driver(flow(wait, job("b"), **{"finally": [job("f")]})).run()
    assert driver.run_of("wait").state == state
    assert ("b" in driver.states) is rest
    assert driver.states["f"] == "SUCCESS"
    assert driver.execution.state == state
    assert (driver.now - driver.execution.created_at).total_seconds() >= 3600


def test_a_pause_that_fails_says_why_and_errors_run():
    driver = Driver(
        flow(pause(pauseDuration="PT5M", behavior="FAIL"), errors=[job("handle")])
    ).run()
    assert driver.states == {"wait": "FAILED", "handle": "SUCCESS"}
    assert driver.execution.failure is not None
    assert driver.execution.failure.message == (
        "Nobody resumed it within its pauseDuration of PT5M."
    )


def test_its_own_errors_run_when_it_fails():
    wait = pause(timeout="PT5M", errors=[job("own")])
    driver = Driver(flow(wait)).run()
    assert driver.states == {"wait": "FAILED", "own": "SUCCESS"}


def test_the_timeout_fails_it_or_warns():
    driver = Driver(flow(pause(timeout="PT5M"))).run()
    assert driver.run_of("wait").state is State.FAILED
    lenient = Driver(flow(pause(timeout="PT5M", allowFailure=True), job("b"))).run()
    assert lenient.states == {"wait": "WARNING", "b": "SUCCESS"}
    assert lenient.execution.state is State.WARNING


def test_a_duration_may_be_an_expression_and_must_be_a_duration():
    driver = Driver(flow(pause(pauseDuration="{{ inputs.d }}")), inputs={"d": "PT1S"}).run()
    assert driver.execution.state is State.SUCCESS
    broken = Driver(flow(pause(pauseDuration="{{ inputs.d }}")), inputs={"d": "soon"}).run()
    assert broken.execution.failure is not None
    assert "`pauseDuration` must be an ISO 8601 duration" in broken.execution.failure.message


def test_on_pause_runs_meanwhile_and_its_failure_changes_nothing():
    wait = pause(onPause=job("ask"))
    driver = Driver(flow(wait, job("b")), table={"ask": FAIL})
    driver.run_until(lambda: "ask" in driver.states)
    assert driver.execution.state is State.RUNNING
    driver.run()
    assert driver.states == {"wait": "PAUSED", "ask": "FAILED"}
    assert driver.execution.state is State.PAUSED
    driver.resume()
    driver.run()
    assert driver.states == {"wait": "SUCCESS", "ask": "FAILED", "b": "SUCCESS"}
    assert driver.execution.state is State.SUCCESS


def test_a_resumed_task_waits_for_its_on_pause():
    wait = pause(onPause=job("ask"))
    driver = Driver(flow(wait, job("b")), table={"ask": Outcome(seconds=60)})
    driver.run_until(lambda: driver.states.get("ask") == "RUNNING")
    driver.resume("wait")
    assert driver.states == {"wait": "RUNNING", "ask": "RUNNING"}
    driver.run()
    assert driver.states == {"wait": "SUCCESS", "ask": "SUCCESS", "b": "SUCCESS"}


def test_old_children_of_a_pause_run_after_it():
    driver = Driver(flow(pause(tasks=[job("a"), job("b")]))).run()
    assert driver.states == {"wait": "PAUSED"}
    driver.resume()
    assert driver.run().states == {"wait": "SUCCESS", "a": "SUCCESS", "b": "SUCCESS"}


INPUTS = [
    {"id": "approved", "type": "BOOL"},
    {"id": "reason", "type": "STRING", "defaults": "{{ flow.id }}"},
]


def test_on_resume_takes_inputs_as_a_flow_does():
    driver = Driver(flow(pause(onResume=INPUTS))).run()
    with pytest.raises(InvalidInputs, match="Missing required input:approved"):
        driver.resume()
    with pytest.raises(InvalidInputs, match="does not ask for `aproved`"):
        driver.resume(approved=True, aproved=True)
    assert driver.execution.state is State.PAUSED
    driver.resume(approved="TRUE")
    driver.run()
    outputs = driver.run_of("wait").outputs
    assert outputs is not None
    assert outputs["onResume"] == {"approved": True, "reason": "main"}


def test_the_execution_runs_while_something_else_does():
    both = task("parallel", "both", tasks=[pause(), job("long")])
    driver = Driver(flow(both), table={"long": Outcome(seconds=60)})
    driver.run_until(lambda: driver.states.get("long") == "RUNNING")
    assert driver.states["wait"] == "PAUSED"
    assert driver.execution.state is State.RUNNING
    driver.run()
    assert driver.execution.state is State.PAUSED


def test_two_pauses_are_resumed_one_after_another_or_by_name():
    both = task("parallel", "both", tasks=[pause("one"), pause("two"), pause("three")])
    driver = Driver(flow(both)).run()
    driver.resume("two")
    assert driver.states == {
        "both": "RUNNING",
        "one": "PAUSED",
        "two": "SUCCESS",
        "three": "PAUSED",
    }
    driver.resume()
    assert driver.states["one"] == "SUCCESS"
    assert driver.execution.state is State.PAUSED
    driver.resume()
    assert driver.execution.state is State.SUCCESS


def test_what_is_not_paused_cannot_be_resumed():
    driver = Driver(flow(job("a"))).run()
    with pytest.raises(Conflict, match="The execution is SUCCESS; only a PAUSED one"):
        driver.resume()
    with pytest.raises(Conflict, match="Task `a` is SUCCESS, not PAUSED"):
        driver.resume("a")
    with pytest.raises(Conflict, match="no task run `x`"):
        driver.send(ResumeRequested("ann", "x"))
    with pytest.raises(Conflict, match="only one that is RUNNING can be paused"):
        driver.pause()


def test_a_kill_ends_a_pause():
    driver = Driver(flow(pause(onPause=job("ask")), job("b"))).run()
    driver.kill()
    assert driver.run().states == {"wait": "KILLED", "ask": "SUCCESS"}
    assert driver.execution.state is State.KILLED


def test_a_timer_of_an_earlier_pause_is_stale():
    driver = Driver(flow(pause(pauseDuration="PT1H"), pause("next")))
    driver.run_until(lambda: driver.execution.state is State.PAUSED)
    driver.resume()
    assert driver.states == {"wait": "SUCCESS", "next": "PAUSED"}
    run = driver.run_of("next")
    driver.send(TimerDue(TimerKind.WAKE, run.id, run.fence - 1))
    driver.run()
    assert driver.states == {"wait": "SUCCESS", "next": "PAUSED"}


# -- somebody pauses an execution --------------------------------------------------------------


def test_a_paused_execution_starts_nothing_and_finishes_what_runs():
    driver = Driver(flow(job("a"), job("b"), job("c")))
    driver.run_until(lambda: driver.states.get("a") == "RUNNING")
    driver.pause()
    assert driver.execution.state is State.PAUSED
    driver.run()
    assert driver.states == {"a": "SUCCESS", "b": "CREATED"}
    assert driver.starts == ["a"]
    driver.resume()
    driver.run()
    assert driver.states == {"a": "SUCCESS", "b": "SUCCESS", "c": "SUCCESS"}
    assert driver.execution.state is State.SUCCESS


def test_it_does_not_end_while_it_is_paused():
    driver = Driver(flow(job("a"), outputs=[{"id": "x", "type": "STRING", "value": "1"}]))
    driver.run_until(lambda: driver.states.get("a") == "RUNNING")
    driver.pause()
    driver.run()
    assert driver.execution.state is State.PAUSED
    driver.resume()
    assert driver.execution.state is State.SUCCESS
    assert driver.execution.outputs == {"x": "1"}


def test_flowables_retries_and_lost_attempts_are_held_back():
    retry = {"type": "constant", "interval": "PT1S", "maxAttempts": 2}
    flow_ = flow(
        task(
            "parallel",
            "all",
            tasks=[
                job("again", retry=retry),
                job("lost"),
                task(
                    "sequential",
                    "seq",
                    tasks=[job("s1"), task("if", "q", condition="true", then=[job("s2")])],
                ),
            ],
        )
    )
    driver = Driver(flow_, table={"again": [FAIL, Outcome()], "lost": Outcome(seconds=10)})
    driver.run_until(lambda: driver.states.get("s1") == "RUNNING")
    driver.pause()
    lost = driver.run_of("lost")
    driver.send(Lost(lost.id, lost.fence))
    driver.run()
    assert driver.states == {
        "all": "RUNNING",
        "again": "CREATED",
        "lost": "CREATED",
        "seq": "RUNNING",
        "s1": "SUCCESS",
        "q": "CREATED",
    }
    # A server that restarted meanwhile has the rows only.
    stored = driver.execution
    driver.executions[driver.main] = replace(stored, task_runs=dict(stored.task_runs))
    driver.resume()
    driver.run()
    assert set(driver.states.values()) == {"SUCCESS"}


def test_a_kill_of_a_paused_execution_ends_what_was_held_back():
    driver = Driver(flow(job("a"), task("sequential", "s", tasks=[job("b")])))
    driver.run_until(lambda: driver.states.get("a") == "RUNNING")
    driver.pause()
    driver.run()
    driver.kill()
    assert driver.run().states == {"a": "SUCCESS", "s": "KILLED"}


def test_a_pause_task_inside_a_paused_execution_waits_on():
    driver = Driver(flow(job("a"), pause()))
    driver.run_until(lambda: driver.states.get("a") == "RUNNING")
    driver.pause()
    driver.run()
    driver.resume()
    assert driver.states == {"a": "SUCCESS", "wait": "PAUSED"}
    assert driver.execution.state is State.PAUSED
    driver.resume()
    assert driver.run().execution.state is State.SUCCESS


def test_a_restart_lets_a_pause_begin_anew_and_lifts_what_somebody_had_paused():
    failing = Driver(flow(pause(timeout="PT5M"))).run()
    failing.send(Restart())
    failing.send(Begin())
    assert failing.states == {"wait": "PAUSED"}
    failing.resume()
    assert failing.execution.state is State.SUCCESS

    held = Driver(flow(job("a"), task("sequential", "s", tasks=[job("b")])))
    held.run_until(lambda: held.states.get("a") == "RUNNING")
    held.pause()
    held.run()
    held.send(Restart())
    held.send(Begin())
    held.run()
    assert held.states == {"a": "SUCCESS", "s": "SUCCESS", "b": "SUCCESS"}


# -- calls -------------------------------------------------------------------------------------


def test_a_paused_child_pauses_the_call_and_its_execution():
    call = task("subflow", "call", namespace="test", flowId="kid")
    driver = Driver(flow(call, job("b")), flow(pause(), name="kid")).run()
    assert driver.states == {"call": "PAUSED"}
    assert driver.execution.state is State.PAUSED
    child = driver.run_of("call").child_execution_id
    with pytest.raises(Conflict, match=r"waits for the execution .*, which is PAUSED"):
        driver.resume()
    driver.resume(execution_id=child)
    driver.run()
    assert driver.states == {"call": "SUCCESS", "b": "SUCCESS"}
    assert history(driver) == ["CREATED", "RUNNING", "PAUSED", "RUNNING", "SUCCESS"]


def test_without_transmission_a_paused_child_is_waited_for():
    call = task("subflow", "call", namespace="test", flowId="kid", transmitFailed=False)
    driver = Driver(flow(call), flow(pause(), name="kid")).run()
    assert driver.states == {"call": "RUNNING"}
    assert driver.execution.state is State.RUNNING


def test_a_kill_reaches_a_paused_child():
    call = task("subflow", "call", namespace="test", flowId="kid")
    driver = Driver(flow(call), flow(pause(), name="kid")).run()
    driver.kill()
    driver.run()
    assert {each.state for each in driver.executions.values()} == {State.KILLED}


def test_advance_leaves_a_refused_execution_as_it_is():
    driver = Driver(flow(pause(onResume=INPUTS))).run()
    before = driver.execution
    with pytest.raises(InvalidInputs):
        advance(driver.flows["main"], before, [ResumeRequested("ann")], driver.now, driver.ports)
    assert driver.run_of("wait").state is State.PAUSED
