"""Executions that wait: for a slot, for a date; and those that would wait for themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from penstock.engine.operation import ForceRun, Unqueue
from penstock.errors import Conflict
from penstock.model.state import State
from penstock.runtime.clock import VirtualClock

from .stand import TENANT, Stand

START = datetime(2026, 1, 1, tzinfo=UTC)
NAP = """
id: nap
namespace: a.b
concurrency: {limit: 1, behavior: QUEUE}
tasks:
  - {id: wait, type: core.flow.Sleep, duration: PT1H}
afterExecution:
  - {id: after, type: core.flow.Sleep, duration: PT1H, runIf: "{{ execution.state == 'KILLED' }}"}
"""
PLAIN = """
id: plain
namespace: a.b
tasks:
  - {id: say, type: core.log.Log, message: hello}
"""


@pytest.fixture
def stand(tmp_path):
    made = Stand(tmp_path)
    made.executor.start()
    yield made
    made.close()


def delayed(stand: Stand, version, by: timedelta) -> str:
    from dataclasses import replace

    execution = replace(stand.create(version), scheduled_at=stand.clock.now() + by)
    return stand.executor.submit(execution, version).result(30).id


def test_a_delayed_execution_survives_the_server(tmp_path):
    clock = VirtualClock(START)
    stand = Stand(tmp_path, clock)
    stand.executor.start()
    version = stand.put(PLAIN)
    id_ = delayed(stand, version, timedelta(hours=2))
    clock.advance(timedelta(hours=1))
    assert stand.get(id_, version).state is State.CREATED
    stand.close()
    again = Stand(tmp_path, clock)
    again.executor.start()
    assert again.executor.active_count == 1
    assert again.get(id_).state is State.CREATED
    clock.advance(timedelta(hours=1))
    assert again.executor.join_idle(30)
    assert again.get(id_, version).state is State.SUCCESS
    again.close()


def test_a_date_that_came_while_there_was_no_server_is_not_lost(tmp_path):
    clock = VirtualClock(START)
    stand = Stand(tmp_path, clock)
    stand.executor.start()
    version = stand.put(PLAIN)
    id_ = delayed(stand, version, timedelta(hours=2))
    stand.close()
    clock.advance(timedelta(days=1))
    again = Stand(tmp_path, clock)
    again.executor.start()
    assert again.executor.join_idle(30)
    assert again.get(id_, version).state is State.SUCCESS
    again.close()


def test_a_delayed_execution_is_killed_before_its_date(stand):
    version = stand.put(PLAIN)
    id_ = delayed(stand, version, timedelta(hours=2))
    stand.executor.kill(TENANT, id_, "enough").result(30)
    assert stand.executor.join_idle(30)
    assert stand.get(id_, version).state is State.KILLED


def test_a_subflow_may_have_a_date(tmp_path):
    clock = VirtualClock(START)
    stand = Stand(tmp_path, clock)
    stand.executor.start()
    stand.put(PLAIN)
    version = stand.put("""
id: parent
namespace: a.b
tasks:
  - {id: call, type: core.flow.Subflow, namespace: a.b, flowId: plain,
     scheduleDate: "{{ execution.startDate | dateAdd(1, 'HOURS') }}"}
""")
    id_ = stand.submit(version)
    child = next(iter(stand.get(id_).task_runs.values())).child_execution_id
    assert stand.get(child).state is State.CREATED
    clock.advance(timedelta(hours=1))
    assert stand.executor.join_idle(30)
    assert stand.get(child).started_at == START + timedelta(hours=1)
    assert stand.get(id_, version).state is State.SUCCESS
    stand.close()


def test_wishes_for_what_waits(stand):
    version = stand.put(NAP)
    first, second, third, fourth = [stand.submit(version) for _ in range(4)]
    states = lambda: [stand.get(id_).state for id_ in (first, second, third, fourth)]  # noqa: E731
    assert states() == [State.RUNNING, State.QUEUED, State.QUEUED, State.QUEUED]
    stand.executor.operate(TENANT, third, Unqueue(State.RUNNING, "me")).result(30)
    stand.executor.operate(TENANT, fourth, Unqueue(State.FAILED, "me")).result(30)
    assert states() == [State.RUNNING, State.QUEUED, State.RUNNING, State.FAILED]
    assert "me took it out of the queue" in stand.get(fourth).failure.message
    stand.executor.operate(TENANT, second, ForceRun("me")).result(30)
    assert states()[1] is State.RUNNING
    with pytest.raises(Conflict, match="only one that is CREATED, QUEUED"):
        stand.executor.operate(TENANT, second, ForceRun("me")).result(30)
    with pytest.raises(Conflict, match="not QUEUED"):
        stand.executor.operate(TENANT, second, Unqueue(State.RUNNING, "me")).result(30)
    for id_ in (first, second, third):
        stand.executor.kill(TENANT, id_, "enough").result(30)
        stand.executor.kill(TENANT, id_, "enough").result(30)


def test_after_execution_keeps_the_slot(stand):
    version = stand.put(NAP)
    first, second = stand.submit(version), stand.submit(version)
    stand.until_started(first, "wait")
    stand.executor.kill(TENANT, first, "enough").result(30)
    stand.until_started(first, "after")
    assert stand.get(first).state is State.KILLED
    assert stand.get(second).state is State.QUEUED
    stand.executor.kill(TENANT, first, "enough").result(30)
    stand.until_started(second, "wait")
    for _ in range(2):
        stand.executor.kill(TENANT, second, "enough").result(30)


def test_a_slot_is_kept_while_a_retry_waits(stand):
    version = stand.put("""
id: retrying
namespace: a.b
concurrency: {limit: 1, behavior: CANCEL}
tasks:
  - id: broken
    type: core.execution.Fail
    retry: {type: constant, interval: PT1H}
""")
    first = stand.submit(version)
    assert stand.get(first).state is State.RETRYING
    assert stand.get(stand.submit(version)).state is State.CANCELLED
    stand.executor.kill(TENANT, first, "enough").result(30)
    assert stand.executor.join_idle(30)


def test_a_higher_limit_counts_at_once(stand):
    version = stand.put(NAP)
    first, second = stand.submit(version), stand.submit(version)
    stand.put(NAP.replace("limit: 1", "limit: 2"))
    stand.executor.declared()
    stand.until_started(second, "wait")
    for id_ in (first, second):
        for _ in range(2):
            stand.executor.kill(TENANT, id_, "enough").result(30)


ITSELF = """
id: itself
namespace: a.b
concurrency: {limit: LIMIT, behavior: QUEUE}
tasks:
  - {id: call, type: core.flow.Subflow, namespace: a.b, flowId: "{{ 'FLOW' }}", wait: WAIT, runIf: "IF"}
"""
THROUGH = """
id: through
namespace: a.b
tasks:
  - {id: back, type: core.flow.Subflow, namespace: a.b, flowId: itself}
"""


def itself(stand, limit=1, flow="itself", wait="true", if_="true"):
    text = ITSELF.replace("LIMIT", str(limit)).replace("FLOW", flow)
    return stand.put(text.replace("WAIT", wait).replace("IF", if_))


@pytest.mark.parametrize(("limit", "flow"), [(1, "itself"), (3, "itself"), (1, "through")])
def test_a_flow_that_reaches_itself_does_not_wait_for_ever(stand, limit, flow):
    stand.put(THROUGH)
    version = itself(stand, limit, flow)
    id_ = stand.submit(version)
    assert stand.executor.join_idle(30)
    ended = stand.get(id_, version)
    assert ended.state is State.FAILED
    deepest = [each for each in stand.all() if "reaches itself" in str(each.failure)]
    assert deepest
    assert "Raise `concurrency.limit`" in ended.failure.message
    assert len([each for each in stand.all() if each.flow_id == "itself"]) == limit + 1


def test_a_flow_that_reaches_itself_once_fits_its_limit(stand):
    once = "{{ trigger.flowId is not defined }}"
    version = itself(stand, 2, if_=once)
    assert stand.submit(version)
    assert stand.executor.join_idle(30)
    assert {each.state for each in stand.all()} == {State.SUCCESS}


def test_two_that_reach_themselves_do_not_block_each_other(stand, gate):
    version = stand.put("""
id: slow
namespace: a.b
concurrency: {limit: 2, behavior: QUEUE}
tasks:
  - {id: nap, type: core.flow.Sleep, duration: PT0S}
  - {id: call, type: core.flow.Subflow, namespace: a.b, flowId: "{{ flow.id }}",
     runIf: "{{ trigger.flowId is not defined }}"}
""")
    ids = [stand.submit(version), stand.submit(version)]
    gate.open()
    assert stand.executor.join_idle(30)
    states = {stand.get(id_).state for id_ in ids}
    assert State.FAILED in states
    assert any("reaches itself" in str(each.failure) for each in stand.all())
