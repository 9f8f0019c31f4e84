"""Pauses with a database below: commands, audit, restarts, slots."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from penstock.engine.operation import PauseRequested, ResumeRequested
from penstock.errors import Conflict, InvalidInputs, NotFound
from penstock.model.state import State
from penstock.runtime.clock import VirtualClock
from penstock.store import audit as audit_store
from penstock.store.audit import AuditRecord

from .stand import TENANT, Stand

WAITS = """
id: waits
namespace: a.b
concurrency: {limit: 1}
tasks:
  - id: wait
    type: core.flow.Pause
    onResume: [{id: name, type: STRING}]
  - {id: say, type: core.log.Log, message: "hello {{ outputs.wait.onResume.name }}"}
"""
FOR_AN_HOUR = """
id: hour
namespace: a.b
tasks:
  - {id: wait, type: core.flow.Pause, pauseDuration: PT1H}
"""


def record(action: str, execution_id: str) -> AuditRecord:
    return AuditRecord(
        tenant=TENANT,
        at=datetime.now(UTC),
        actor="ann",
        action=action,
        object=f"execution/{execution_id}",
    )


def actions(stand: Stand) -> list[str]:
    with stand.database.read() as tx:
        return [each.record.action for each in audit_store.page(tx, TENANT, limit=10)]


def until(stand: Stand, execution_id: str, state: State) -> None:
    told = threading.Event()
    undo = stand.executor.subscribe(execution_id, told.set)
    while stand.get(execution_id).state is not state:
        assert told.wait(30), f"it does not become {state}"
        told.clear()
    undo()


def test_resume_is_answered_after_the_commit_and_audited(stand: Stand):
    version = stand.put(WAITS)
    id_ = stand.submit(version)
    until(stand, id_, State.PAUSED)
    asked = ResumeRequested("ann", None, {"name": "world"})
    done = stand.executor.operate(TENANT, id_, asked, audit=record("execution.resume", id_))
    answered = done.result(30)
    assert answered is not None
    assert answered.task_runs
    assert stand.executor.join_idle()
    assert stand.get(id_, version).state is State.SUCCESS
    assert stand.logs(id_) == ["hello world"]
    assert actions(stand) == ["execution.resume"]


def test_what_is_refused_leaves_no_trace(stand: Stand):
    version = stand.put(WAITS)
    id_ = stand.submit(version)
    until(stand, id_, State.PAUSED)
    events = stand.events(id_)
    audit = record("execution.resume", id_)
    with pytest.raises(InvalidInputs, match="Missing required input:name"):
        stand.executor.operate(TENANT, id_, ResumeRequested("ann"), audit=audit).result(30)
    with pytest.raises(Conflict):
        stand.executor.operate(TENANT, id_, PauseRequested("ann"), audit=audit).result(30)
    with pytest.raises(NotFound):
        stand.executor.operate("other", id_, ResumeRequested("ann"), audit=audit).result(30)
    with pytest.raises(NotFound):
        stand.executor.operate(TENANT, "nothing", ResumeRequested("ann"), audit=audit).result(30)
    assert stand.events(id_) == events
    assert actions(stand) == []
    stand.executor.kill(TENANT, id_, "enough").result(30)
    with pytest.raises(Conflict, match="The execution is KILLED"):
        stand.executor.operate(TENANT, id_, ResumeRequested("ann"), audit=audit).result(30)
    assert stand.executor.join_idle()


def test_a_paused_execution_keeps_its_slot_and_a_kill_gives_it_back(stand: Stand):
    version = stand.put(WAITS)
    first, second = stand.submit(version), stand.submit(version)
    until(stand, first, State.PAUSED)
    assert stand.get(second).state is State.QUEUED
    stand.executor.kill(TENANT, first, "enough").result(30)
    until(stand, second, State.PAUSED)
    assert stand.get(first, version).state is State.KILLED
    stand.executor.kill(TENANT, second, "enough").result(30)
    assert stand.executor.join_idle()


def test_pauses_survive_restarts_of_the_server(tmp_path):
    clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
    stand = Stand(tmp_path, clock)
    stand.executor.start()
    hour, waits = stand.put(FOR_AN_HOUR), stand.put(WAITS)
    one, other, queued = stand.submit(hour), stand.submit(waits), stand.submit(waits)
    until(stand, one, State.PAUSED)
    until(stand, other, State.PAUSED)
    stand.close()
    stand = Stand(tmp_path, clock)
    stand.executor.start()
    assert stand.get(queued).state is State.QUEUED
    clock.advance(timedelta(hours=1))
    until(stand, one, State.SUCCESS)
    asked = ResumeRequested("ann", None, {"name": "x"})
    stand.executor.operate(TENANT, other, asked).result(30)
    until(stand, queued, State.PAUSED)
    stand.executor.operate(TENANT, queued, asked).result(30)
    assert stand.executor.join_idle()
    assert {each.state for each in stand.all()} == {State.SUCCESS}
    stand.close()


MANY = """
id: many
namespace: a.b
tasks:
  - id: each
    type: core.flow.ForEach
    values: "{{ range(1, 40) }}"
    concurrencyLimit: 0
    tasks:
      - {id: nap, type: core.flow.Sleep, duration: PT0.01S}
      - {id: say, type: core.debug.Return, format: x}
"""


def test_jobs_that_no_worker_has_taken_wait_for_the_resumption(tmp_path, gate):
    stand = Stand(tmp_path, workers=2)
    stand.executor.start()
    version = stand.put(MANY)
    id_ = stand.submit(version)
    stand.until_started(id_, "nap")
    stand.executor.operate(TENANT, id_, PauseRequested("ann")).result(30)
    gate.open()
    until_quiet(stand)
    paused = stand.get(id_, version)
    assert paused.state is State.PAUSED
    assert paused.paused_by == "ann"
    begun = [run for run in paused.task_runs.values() if run.started_at is not None]
    assert [run.task_id for run in begun] == ["each", "nap", "nap"]
    # The next server lets it rest too.
    stand.close()
    stand = Stand(tmp_path, workers=2)
    stand.executor.start()
    stand.executor.write(lambda _: None).result(30)
    again = stand.get(id_, version)
    assert again.state is State.PAUSED
    assert len([r for r in again.task_runs.values() if r.started_at is not None]) == len(begun)
    stand.executor.operate(TENANT, id_, ResumeRequested("ann")).result(30)
    assert stand.executor.join_idle()
    assert stand.get(id_, version).state is State.SUCCESS
    stand.close()


def until_quiet(stand: Stand) -> None:
    """Until no worker has a job."""
    told = threading.Event()
    undo = [stand.executor.subscribe(each.id, told.set) for each in stand.all()]
    while stand.executor.has_jobs:
        told.wait(0.2)
        told.clear()
    for each in undo:
        each()
    stand.executor.write(lambda _: None).result(30)
