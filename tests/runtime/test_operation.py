"""Operations on executions that run or ended long ago, through crashes and restarts."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from penstock.engine.operation import Restart, SetLabels, SetState, SetTaskRunState
from penstock.errors import Conflict, NotFound
from penstock.model.state import State
from penstock.runtime.clock import VirtualClock

from .stand import TENANT, Stand
from .test_recovery import arm

FLOW = """
id: main
namespace: a.b
labels: {team: x}
tasks:
  - {id: first, type: core.debug.Return, format: "{{ uuid() }}"}
  - {id: broken, type: core.execution.Fail, runIf: "{{ labels.mended is not defined }}"}
  - {id: last, type: core.flow.Sleep, duration: PT0S}
errors:
  - {id: tell, type: core.log.Log, message: failed}
"""


def failed(stand: Stand, source: str = FLOW) -> str:
    id_ = stand.run(source).id
    assert stand.get(id_).state is State.FAILED
    return id_


def mend(stand: Stand, id_: str) -> None:
    stand.executor.operate(TENANT, id_, SetLabels({"mended": "yes"})).result(30)


def done(stand: Stand, id_: str, operation) -> State:
    stand.executor.operate(TENANT, id_, operation).result(30)
    assert stand.executor.join_idle(30)
    return stand.get(id_).state


def test_an_execution_of_an_earlier_server_is_restarted(tmp_path):
    stand = Stand(tmp_path)
    stand.executor.start()
    id_ = failed(stand)
    before = list(stand.get(id_).task_runs.values())
    mend(stand, id_)
    stand.close()
    again = Stand(tmp_path)
    again.executor.start()
    assert done(again, id_, Restart()) is State.SUCCESS
    version = again.flows.latest(again.database.engine.connect(), TENANT, "a.b", "main")
    ended = again.get(id_, version)
    runs = list(ended.task_runs.values())
    assert [run.task_id for run in runs] == ["first", "broken", "last"]
    assert runs[0] == before[0]
    assert runs[1].state is State.SKIPPED
    assert len(runs[1].attempts) == 2
    kinds = [kind for kind, _ in again.events(id_)]
    assert kinds.count("restarted") == 2
    assert ended.labels["system.restarted"] == "true"
    again.close()


@pytest.mark.parametrize("at", range(1, 5))
@pytest.mark.parametrize("boundary", ["before commit", "within the transaction", "after commit"])
def test_a_crash_during_a_restart_leaves_the_old_end_or_the_new(
    tmp_path, monkeypatch, boundary, at
):
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    stand = Stand(tmp_path)
    stand.executor.start()
    id_ = failed(stand)
    mend(stand, id_)
    died = arm(stand, monkeypatch, boundary, at)
    future = stand.executor.operate(TENANT, id_, Restart())
    while not died.wait(0.01) and not (future.done() and stand.executor.active_count == 0):
        pass
    stand.executor._thread.join(5 if died.is_set() else 0)
    stand.executor._ownership.release()
    again = Stand(tmp_path)
    again.executor.start()
    assert again.executor.join_idle(30)
    ended = again.get(id_)
    tasks = [run.task_id for run in ended.task_runs.values()]
    if ended.state is State.FAILED:
        assert not future.done()
        assert tasks == ["first", "broken", "tell"]
        assert done(again, id_, Restart()) is State.SUCCESS
    else:
        assert ended.state is State.SUCCESS
        assert tasks == ["first", "broken", "last"]
    again.events(id_)
    again.close()


@pytest.fixture
def stand(tmp_path):
    made = Stand(tmp_path)
    made.executor.start()
    yield made
    made.close()


def test_a_task_runs_state_is_set(stand):
    id_ = failed(stand)
    broken = next(r for r in stand.get(id_).task_runs.values() if r.task_id == "broken")
    assert done(stand, id_, SetTaskRunState(broken.id, State.SUCCESS)) is State.SUCCESS
    tasks = [run.task_id for run in stand.get(id_).task_runs.values()]
    assert tasks == ["first", "broken", "last"]


def test_an_executions_state_and_labels_are_set(stand):
    id_ = failed(stand)
    assert done(stand, id_, SetState(State.WARNING)) is State.WARNING
    mend(stand, id_)
    assert stand.get(id_).labels == {"mended": "yes", "system.correlationId": id_}


def test_what_cannot_be_is_told_and_changes_nothing(stand):
    id_ = failed(stand)
    before = stand.get(id_), stand.events(id_)
    with pytest.raises(Conflict, match="belongs to the system"):
        stand.executor.operate(TENANT, id_, SetLabels({"system.x": "1"})).result(30)
    with pytest.raises(NotFound):
        stand.executor.operate("other", id_, Restart()).result(30)
    with pytest.raises(NotFound):
        stand.executor.operate(TENANT, "nobody", Restart()).result(30)
    assert (stand.get(id_), stand.events(id_)) == before
    assert stand.executor.active_count == 0


LIMITED = """
id: limited
namespace: a.b
concurrency: {limit: 1, behavior: QUEUE}
inputs: [{id: wait, type: STRING}]
tasks:
  - {id: nap, type: core.flow.Sleep, duration: "{{ inputs.wait }}"}
  - {id: broken, type: core.execution.Fail, runIf: "{{ labels.mended is not defined }}"}
"""


def test_a_restart_waits_for_a_slot(stand):
    version = stand.put(LIMITED)
    id_ = stand.submit(version, wait="PT0S")
    assert stand.executor.join_idle(30)
    mend(stand, id_)
    other = stand.submit(version, wait="PT1H")
    stand.until_started(other, "nap")
    stand.executor.operate(TENANT, id_, Restart()).result(30)
    assert stand.get(id_).state is State.QUEUED
    stand.executor.kill(TENANT, other, "enough").result(30)
    assert stand.executor.join_idle(30)
    assert stand.get(id_, version).state is State.SUCCESS


def test_a_restart_that_waits_for_a_slot_survives_the_server(tmp_path):
    stand = Stand(tmp_path)
    stand.executor.start()
    version = stand.put(LIMITED)
    id_ = stand.submit(version, wait="PT0S")
    assert stand.executor.join_idle(30)
    mend(stand, id_)
    other = stand.submit(version, wait="PT1H")
    stand.executor.operate(TENANT, id_, Restart()).result(30)
    stand.close()
    again = Stand(tmp_path)
    again.executor.start()
    assert again.get(id_).state is State.QUEUED
    again.executor.kill(TENANT, other, "enough").result(30)
    assert again.executor.join_idle(30)
    assert again.get(id_, version).state is State.SUCCESS
    again.close()


@pytest.mark.parametrize("behavior", ["CANCEL", "FAIL"])
def test_a_restart_without_a_slot_is_refused(stand, behavior):
    version = stand.put(LIMITED.replace("QUEUE", behavior))
    id_ = stand.submit(version, wait="PT0S")
    assert stand.executor.join_idle(30)
    other = stand.submit(version, wait="PT1H")
    with pytest.raises(Conflict, match="as its concurrency limit allows"):
        stand.executor.operate(TENANT, id_, Restart()).result(30)
    assert stand.get(id_).state is State.FAILED
    stand.executor.kill(TENANT, other, "enough").result(30)


PARENT = """
id: parent
namespace: a.b
tasks:
  - {id: call, type: core.flow.Subflow, namespace: a.b, flowId: main}
  - {id: after, type: core.log.Log, message: on}
"""


def test_a_parent_restarts_its_child(stand):
    stand.put(FLOW)
    version = stand.put(PARENT)
    id_ = stand.submit(version)
    assert stand.executor.join_idle(30)
    call = next(iter(stand.get(id_).task_runs.values()))
    mend(stand, call.child_execution_id)
    assert done(stand, id_, Restart()) is State.SUCCESS
    assert next(iter(stand.get(id_, version).task_runs.values())).child_execution_id == (
        call.child_execution_id
    )
    assert stand.get(call.child_execution_id).state is State.SUCCESS


RENEWED = """
id: renewed
namespace: a.b
tasks:
  - id: broken
    type: core.execution.Fail
    retry: {type: constant, interval: PT1H, maxAttempts: 2, behavior: CREATE_NEW_EXECUTION}
"""
CALLER = """
id: caller
namespace: a.b
tasks:
  - {id: call, type: core.flow.Subflow, namespace: a.b, flowId: renewed}
"""


@pytest.mark.parametrize("at", range(1, 4))
@pytest.mark.parametrize("boundary", ["before commit", "within the transaction", "after commit"])
def test_a_crash_loses_no_attempt_that_is_a_new_execution(tmp_path, monkeypatch, boundary, at):
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
    stand = Stand(tmp_path, clock)
    stand.executor.start()
    stand.put(RENEWED)
    version = stand.put(CALLER)
    died = arm(stand, monkeypatch, boundary, at)
    stand.executor.submit(stand.create(version), version)
    while not died.wait(0.01) and not any(each.attempt_number == 2 for each in stand.all()):
        pass
    stand.executor._ownership.release()
    if not died.is_set():
        stand.close()
    accepted = bool(stand.all())
    again = Stand(tmp_path, clock)
    again.executor.start()
    assert again.executor.active_count == (2 if accepted else 0)
    clock.advance(timedelta(hours=1))
    assert again.executor.join_idle(30)
    states = {(each.flow_id, each.attempt_number): each.state for each in again.all()}
    if accepted:
        assert states == {
            ("caller", 1): State.FAILED,
            ("renewed", 1): State.RETRIED,
            ("renewed", 2): State.FAILED,
        }
    again.close()
