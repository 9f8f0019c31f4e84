"""Retries as rows and a clock show them, with the server's own executor."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from penstock.model.execution import Execution
from penstock.model.state import State
from penstock.runtime.clock import VirtualClock
from penstock.telemetry import metric

from .stand import Stand

START = datetime(2026, 1, 1, tzinfo=UTC)
HEAD = "id: retried\nnamespace: a.b\n"
FAILS = "  - {id: bad, type: core.execution.Fail}\n"
EXPONENTIAL = "retry: {type: exponential, interval: PT10S, maxInterval: PT1M, maxAttempts: 6}\n"


def until(stand: Stand, id_: str, ready: Callable[[Execution], bool]) -> Execution:
    """Waits, told by the executor, for an execution's rows to be as wanted."""
    told = threading.Event()
    undo = stand.executor.subscribe(id_, told.set)
    while not ready(found := stand.get(id_)):
        assert told.wait(30), found.state
        told.clear()
    undo()
    return found


def attempts_of(
    stand: Stand, id_: str, clock: VirtualClock, *, restart: Callable[[Stand], Stand] | None = None
) -> tuple[Execution, list[float]]:
    """Runs to the end, moving the clock to each next attempt; gives the waits in seconds."""
    waits: list[float] = []

    def ready(found: Execution) -> bool:
        tried = [len(run.attempts) for run in found.task_runs.values()]
        return found.state.is_terminated or (
            found.state is State.RETRYING and max(tried) > len(waits)
        )

    while not (found := until(stand, id_, ready)).state.is_terminated:
        run = next(each for each in found.task_runs.values() if each.state is State.RETRYING)
        assert run.retry_at is not None
        ended = run.attempts[-1].ended_at
        assert ended is not None
        waits.append((run.retry_at - ended).total_seconds())
        if restart is not None:
            stand = restart(stand)
        # A moment early nothing happens; the attempt starts when its time has come.
        clock.advance(run.retry_at - clock.now() - timedelta(milliseconds=1))
        assert stand.get(id_).state is State.RETRYING
        clock.advance(timedelta(milliseconds=1))
    assert stand.executor.join_idle(30)
    if restart is not None:
        stand.close()
    return found, waits


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


def opened(folder: Path, clock: VirtualClock) -> Stand:
    stand = Stand(folder, clock)
    stand.executor.start()
    return stand


def test_B19_waits_follow_the_rule_under_a_clock(tmp_path, clock):
    stand = opened(tmp_path, clock)
    version = stand.put(HEAD + "tasks:\n" + FAILS + EXPONENTIAL)
    found, waits = attempts_of(stand, stand.submit(version), clock)
    assert waits == [10, 20, 40, 60, 60]
    assert found.state is State.FAILED
    assert (clock.now() - START).total_seconds() == sum(waits)
    stand.close()


def test_B19_jitter_stays_within_its_bounds(tmp_path, clock):
    stand = opened(tmp_path, clock)
    rule = "retry: {type: random, minInterval: PT10S, maxInterval: PT30S, maxAttempts: 8}\n"
    version = stand.put(HEAD + "tasks:\n" + FAILS + rule)
    found, waits = attempts_of(stand, stand.submit(version), clock)
    assert len(waits) == 7
    assert all(10 <= wait < 30 for wait in waits)
    assert len(set(waits)) > 1
    assert found.state is State.FAILED
    stand.close()


def test_B19_the_task_overrides_the_flow(tmp_path, clock):
    stand = opened(tmp_path, clock)
    own = "  - id: bad\n    type: core.execution.Fail\n    retry: {type: constant, interval: PT7S, maxAttempts: 3}\n"
    version = stand.put(HEAD + "tasks:\n" + own + EXPONENTIAL)
    _, waits = attempts_of(stand, stand.submit(version), clock)
    assert waits == [7, 7]
    stand.close()


def test_B19_survives_a_restart_between_attempts(tmp_path, clock):
    stand = opened(tmp_path, clock)
    version = stand.put(HEAD + "tasks:\n" + FAILS + EXPONENTIAL)
    id_ = stand.submit(version)

    def restart(old: Stand) -> Stand:
        old.close()
        return opened(tmp_path, clock)

    found, waits = attempts_of(stand, id_, clock, restart=restart)
    assert waits == [10, 20, 40, 60, 60]
    (run,) = found.task_runs.values()
    assert [attempt.number for attempt in run.attempts] == [1, 2, 3, 4, 5, 6]


RULE = "    retry: {type: exponential, interval: PT1S, maxInterval: PT3S, maxAttempts: 4}\n"
CHILD = "id: child\nnamespace: a.b\ntasks:\n" + FAILS
STEPS = {
    "script": "  - id: bad\n    type: scripts.shell.Commands\n"
    "    taskRunner: {type: core.runner.Process}\n    commands: [exit 3]\n",
    "http": "  - id: bad\n    type: core.http.Request\n    uri: http://127.0.0.1:9/\n",
    "subflow": "  - id: bad\n    type: core.flow.Subflow\n    namespace: a.b\n    flowId: child\n",
    "in place": "  - id: bad\n    type: core.execution.Fail\n",
}


@pytest.mark.parametrize("step", STEPS)
def test_B20_every_step_is_tried_alike(tmp_path, clock, step):
    stand = opened(tmp_path, clock)
    stand.put(CHILD)
    version = stand.put(HEAD + "tasks:\n" + STEPS[step] + RULE)
    found, waits = attempts_of(stand, stand.submit(version), clock)
    (run,) = found.task_runs.values()
    assert waits == [1, 2, 3]
    assert [(each.number, each.state) for each in run.attempts] == [
        (number, State.FAILED) for number in range(1, 5)
    ]
    assert [change.state for change in run.history].count(State.RETRYING) == 3
    assert found.state is State.FAILED
    assert [change.state for change in found.history].count(State.RETRYING) == 3
    stand.close()


DECIDED = {
    '"{{ false }}"': State.SKIPPED,
    '"0"': State.SKIPPED,
    '"-0"': State.SKIPPED,
    '"  "': State.SKIPPED,
    '""': State.SKIPPED,
    "false": State.SKIPPED,
    '"{{ 1 > 2 }}"': State.SKIPPED,
    '" {{ 0 }} "': State.SKIPPED,
    '"{{ true }}"': State.SUCCESS,
    '"no"': State.SUCCESS,
    '"0.0"': State.SUCCESS,
    '"{{ trigger.nowhere.at }}"': State.FAILED,
    '"{{ 1 / 0 }}"': State.FAILED,
}


@pytest.mark.parametrize("name", ["runIf", "when"])
@pytest.mark.parametrize("written", DECIDED)
def test_D17_skipped_is_not_failed(tmp_path, clock, name, written):
    stand = opened(tmp_path, clock)
    source = (
        HEAD + f"tasks:\n  - {{id: a, type: core.debug.Return, format: x, {name}: {written}}}\n"
    )
    found = stand.run(source)
    (run,) = found.task_runs.values()
    assert run.state is DECIDED[written]
    assert len(run.attempts) == 1
    assert found.state is (State.FAILED if run.state is State.FAILED else State.SUCCESS)
    assert (run.outputs is None) == (run.state is not State.SUCCESS)
    assert (run.failure is not None) == (run.state is State.FAILED)
    stand.close()


def test_the_timer_of_an_sla_survives_a_restart(tmp_path, clock):
    stand = opened(tmp_path, clock)
    sla = 'sla: [{id: quick, type: MAX_DURATION, behavior: FAIL, duration: PT1H, labels: {late: "yes"}}]\n'
    version = stand.put(
        HEAD + sla + "tasks:\n  - {id: bad, type: core.execution.Fail, "
        "retry: {type: constant, interval: P1D}}\n"
    )
    id_ = stand.submit(version)
    until(stand, id_, lambda found: found.state is State.RETRYING)
    stand.close()
    stand = opened(tmp_path, clock)
    clock.advance(timedelta(minutes=59))
    assert stand.get(id_).state is State.RETRYING
    clock.advance(timedelta(minutes=1))
    found = until(stand, id_, lambda found: found.state.is_terminated)
    assert found.state is State.FAILED
    assert found.labels["late"] == "yes"
    assert found.failure is not None
    assert found.failure.message == "The SLA `quick` is violated: it runs longer than PT1H."
    stand.close()


def test_an_execution_that_another_follows_never_leaves_the_executor_idle(
    tmp_path, clock, monkeypatch
):
    stand = opened(tmp_path, clock)
    version = stand.put(
        HEAD + "tasks:\n" + FAILS + "retry: {type: constant, interval: PT10S, maxAttempts: 2, "
        "behavior: CREATE_NEW_EXECUTION}\n"
    )
    seen: list[int] = []
    labels = metric.EXECUTIONS_ENDED.labels

    def counted(state: str) -> object:
        seen.append(stand.executor.active_count)
        return labels(state)

    monkeypatch.setattr(metric.EXECUTIONS_ENDED, "labels", counted)
    first = stand.submit(version)
    until(stand, first, lambda found: found.state is State.RETRIED)
    assert seen == [1]
    clock.advance(timedelta(seconds=10))
    assert stand.executor.join_idle(30)
    assert seen == [1, 0]
    stand.close()
