"""A server that dies at any step: whatever was accepted ends, whatever was recorded stays."""

import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from penstock.model.state import State
from penstock.runtime import commit, worker
from penstock.runtime.clock import VirtualClock
from penstock.runtime.command import Done
from penstock.runtime.cycle import Cycle

from .stand import TENANT, Stand

CHILD = """
id: child
namespace: a.b
tasks:
  - {id: inner, type: core.flow.Sleep, duration: PT0S}
  - {id: say, type: core.debug.Return, format: said}
outputs:
  - {id: said, type: STRING, value: "{{ outputs.say.value }}"}
"""
FLOW = """
id: whole
namespace: a.b
tasks:
  - {id: first, type: core.debug.Return, format: "{{ uuid() }}"}
  - {id: nap, type: core.flow.Sleep, duration: PT0S}
  - {id: call, type: core.flow.Subflow, namespace: a.b, flowId: child}
  - id: both
    type: core.flow.Parallel
    tasks:
      - {id: left, type: core.flow.Sleep, duration: PT0S}
      - {id: right, type: core.debug.Return, format: "{{ outputs.call.outputs.said }}"}
  - {id: set, type: core.execution.SetVariables, variables: {said: "{{ outputs.right.value }}"}}
  - {id: mark, type: core.execution.Labels, labels: {said: "{{ vars.said }}"}}
  - {id: wait, type: core.flow.Sleep, duration: PT0S}
  - {id: last, type: core.debug.Return, format: "{{ vars.said }} {{ labels.said }}"}
"""


class Crash(BaseException):
    """The process dies here."""


def arm(stand: Stand, monkeypatch, boundary: str, at: int) -> threading.Event:
    """Lets the executor's thread die at the n-th time that it comes to a boundary."""
    died = threading.Event()
    count = 0

    def maybe_die():
        nonlocal count
        count += 1
        if count == at:
            died.set()
            raise Crash

    cycle = stand.executor._cycle
    if boundary == "before commit":
        real_commit = cycle._commit

        def before(turn):
            maybe_die()
            real_commit(turn)

        cycle._commit = before
    elif boundary == "within the transaction":
        real_lease = commit.lease

        def lease(tx, jobs, owner, now):
            if owner == stand.executor.owner:
                maybe_die()
            real_lease(tx, jobs, owner, now)

        monkeypatch.setattr(commit, "lease", lease)
    else:
        real_after = cycle._after_commit

        def after(turn):
            maybe_die()
            real_after(turn)

        cycle._after_commit = after
    return died


def outputs_of(executions):
    return {
        run.id: run.outputs
        for execution in executions
        for run in execution.task_runs.values()
        if run.state is State.SUCCESS
    }


@pytest.mark.parametrize("at", range(1, 9))
@pytest.mark.parametrize("boundary", ["before commit", "within the transaction", "after commit"])
def test_a_crash_loses_nothing(tmp_path, monkeypatch, boundary, at):
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    stand = Stand(tmp_path)
    stand.executor.start()
    stand.put(CHILD)
    version = stand.put(FLOW)
    died = arm(stand, monkeypatch, boundary, at)
    future = stand.executor.submit(stand.create(version), version)
    while not died.wait(0.01) and not (future.done() and stand.executor.active_count == 0):
        pass
    stand.executor._thread.join(5 if died.is_set() else 0)
    accepted = None
    with suppress(TimeoutError):
        accepted = future.result(0).id
    recorded = outputs_of(stand.all())
    stand.executor._ownership.release()

    again = Stand(tmp_path)
    again.executor.start()
    assert again.executor.join_idle(30)
    ended = again.all()
    assert {e.state for e in ended} <= {State.SUCCESS}
    if accepted:
        assert accepted in {e.id for e in ended}
    for execution in ended:
        flow = again.get(execution.id)
        assert list(flow.task_runs) == list(execution.task_runs)
    assert recorded.items() <= outputs_of(ended).items()
    for last in (r for e in ended for r in e.task_runs.values() if r.task_id == "last"):
        assert last.outputs == {"value": "said said"}
    for execution in ended:
        again.events(execution.id)
    again.close()


def test_what_died_with_a_kill_under_way_does_not_run_again(tmp_path, monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    stand = Stand(tmp_path)
    stand.executor.start()
    version = stand.put(FLOW.replace("PT0S", "PT30S"))
    id_ = stand.submit(version)
    stand.until_started(id_, "nap")
    died = arm(stand, monkeypatch, "after commit", 1)
    stand.executor.kill(TENANT, id_, "enough")
    assert died.wait(30)
    stand.executor._ownership.release()
    again = Stand(tmp_path)
    again.executor.start()
    assert again.executor.join_idle(30)
    ended = again.get(id_, version)
    assert ended.state is State.KILLED
    assert [run.task_id for run in ended.task_runs.values()] == ["first", "nap"]
    again.close()


def test_a_retry_that_was_waiting_still_happens(tmp_path):
    clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
    stand = Stand(tmp_path, clock)
    stand.executor.start()
    version = stand.put("""
id: retry
namespace: a.b
tasks:
  - id: fails
    type: core.execution.Fail
    retry: {type: constant, interval: PT1H, maxAttempts: 2}
""")
    id_ = stand.submit(version)
    assert stand.get(id_).state is State.RETRYING
    stand.close()
    again = Stand(tmp_path, clock)
    again.executor.start()
    clock.advance(timedelta(hours=1))
    assert again.executor.join_idle(30)
    ended = again.get(id_, version)
    assert ended.state is State.FAILED
    assert len(next(iter(ended.task_runs.values())).attempts) == 2
    again.close()


def test_a_graceful_stop_gives_the_running_task_to_the_next_server(tmp_path, gate):
    stand = Stand(tmp_path)
    stand.executor.start()
    version = stand.put(FLOW)
    stand.put(CHILD)
    id_ = stand.submit(version)
    stand.until_started(id_, "nap")
    stand.executor.stop(grace=0)
    nap = list(stand.get(id_).task_runs.values())[1]
    assert nap.state is State.RUNNING
    gate.open()
    again = Stand(tmp_path)
    again.executor.start()
    assert again.executor.join_idle(30)
    ended = again.get(id_, version)
    assert ended.state is State.SUCCESS
    nap = list(ended.task_runs.values())[1]
    assert [a.state.value for a in nap.attempts] == ["RESUBMITTED", "SUCCESS"]
    again.close()


@pytest.mark.parametrize("is_broken", [False, True])
def test_a_stop_waits_for_results_until_the_executor_has_them(tmp_path, monkeypatch, is_broken):
    stand = Stand(tmp_path)
    stand.executor.start()
    version = stand.put(FLOW.replace("PT0S", "PT0.001S"))
    stand.put(CHILD)
    workers = stand.executor._workers
    held: list[int] = []

    def send(command):
        if isinstance(command, Done):
            # Whoever stops looks at these.
            held.append(len(workers._running) + len(workers._pending))
        stand.executor._inbox.put(command)

    def broken(*_args):
        raise OSError("no folder")

    workers._send = send
    if is_broken:
        monkeypatch.setattr(worker, "open_context", broken)
    stand.submit(version)
    assert stand.executor.join_idle()
    assert held
    assert 0 not in held
    stand.close()


def test_an_execution_whose_flow_is_gone_fails_with_a_sentence(tmp_path, monkeypatch):
    stand = Stand(tmp_path)
    stand.executor.start()
    version = stand.put(FLOW.replace("PT0S", "PT30S"))
    id_ = stand.submit(version)
    stand.executor.stop(grace=0)
    with stand.database.transaction() as tx:
        tx.exec_driver_sql("DELETE FROM flow_revision")
    again = Stand(tmp_path)
    again.executor.start()
    assert again.executor.join_idle(30)
    assert "cannot be executed" in again.get(id_).failure.message
    again.close()


def test_concurrency_is_counted_anew_from_rows(tmp_path, gate):
    source = """
id: limited
namespace: a.b
concurrency: {limit: 1}
tasks: [{id: nap, type: core.flow.Sleep, duration: PT0S}]
"""
    stand = Stand(tmp_path)
    stand.executor.start()
    version = stand.put(source)
    ids = [stand.submit(version) for _ in range(3)]
    stand.executor.stop(grace=0)
    again = Stand(tmp_path)
    again.executor.start()
    states = [again.get(id_).state for id_ in ids]
    assert states[1:] == [State.QUEUED, State.QUEUED]
    gate.open()
    assert again.executor.join_idle(30)
    ended = [again.get(id_, version) for id_ in ids]
    assert {e.state for e in ended} == {State.SUCCESS}
    assert ended[0].ended_at <= ended[1].started_at
    assert ended[1].ended_at <= ended[2].started_at
    again.close()


def test_a_database_that_takes_no_writes_refuses_callers_and_keeps_results(
    tmp_path, monkeypatch, gate
):
    from sqlalchemy.exc import OperationalError

    from penstock.errors import Unavailable

    stand = Stand(tmp_path)
    stand.executor.start()
    version = stand.put(FLOW)
    stand.put(CHILD)
    id_ = stand.submit(version)
    stand.until_started(id_, "nap")
    real = Cycle._commit
    failures = 3

    def full(self, turn):
        nonlocal failures
        if failures:
            failures -= 1
            raise OperationalError("INSERT", {}, Exception("disk full"))
        real(self, turn)

    monkeypatch.setattr(Cycle, "_commit", full)
    with pytest.raises(Unavailable):
        stand.submit(version)
    gate.open()
    assert stand.executor.join_idle(30)
    assert failures == 0
    assert stand.get(id_, version).state is State.SUCCESS
    stand.close()


def test_a_stop_does_not_wait_for_ever_for_a_database_that_takes_no_writes(tmp_path, monkeypatch):
    from sqlalchemy.exc import OperationalError

    stand = Stand(tmp_path)
    stand.executor.start()
    stand.put(CHILD)
    version = stand.put(FLOW.replace("PT0S", "PT0.1S"))
    id_ = stand.submit(version)
    stand.until_started(id_, "nap")

    def full(_self, _turn):
        raise OperationalError("INSERT", {}, Exception("disk full"))

    with monkeypatch.context() as patch:
        patch.setattr(Cycle, "_commit", full)
        stopping = threading.Thread(target=stand.executor.stop, args=(0.3,), daemon=True)
        stopping.start()
        stopping.join(30)
        assert not stopping.is_alive()
    again = Stand(tmp_path)
    again.executor.start()
    assert again.executor.join_idle(30)
    assert again.get(id_, version).state is State.SUCCESS
    again.close()
    stand.database.close()


def test_a_result_that_cannot_be_stored_fails_its_execution_only(tmp_path, monkeypatch):
    from penstock.runtime import cycle

    stand = Stand(tmp_path, workers=1)
    stand.executor.start()
    stand.put(CHILD)
    bad, good = stand.put(FLOW.replace("whole", "bad")), stand.put(FLOW)
    real = cycle.commit.write

    def write(tx, drafts, late):
        drafts = list(drafts)
        for draft in drafts:
            nap = [r for r in draft.execution.task_runs.values() if r.task_id == "nap"]
            if draft.execution.flow_id == "bad" and nap and nap[0].state is State.SUCCESS:
                raise ValueError("not storable")
        real(tx, drafts, late)

    monkeypatch.setattr(cycle.commit, "write", write)
    ids = [stand.submit(version) for version in (bad, good, bad, good)]
    assert stand.executor.join_idle(30)
    states = [stand.get(id_).state.value for id_ in ids]
    assert states == ["FAILED", "SUCCESS", "FAILED", "SUCCESS"]
    assert "cannot be stored" in stand.get(ids[0]).failure.message
    stand.close()


def test_a_stopping_server_starts_no_further_tasks_and_leaves_no_folders(tmp_path, gate):
    stand = Stand(tmp_path)
    stand.executor.start()
    version = stand.put("""
id: three
namespace: a.b
tasks:
  - {id: one, type: core.flow.Sleep, duration: PT0S}
  - {id: two, type: core.flow.Sleep, duration: PT0S}
""")
    id_ = stand.submit(version)
    stand.until_started(id_, "one")
    wait_for_workers = stand.executor._workers.stop

    def stop(grace):
        gate.open()
        wait_for_workers(grace)

    stand.executor._workers.stop = stop
    stand.executor.stop(grace=20)
    runs = [(run.task_id, run.state.value) for run in stand.get(id_).task_runs.values()]
    assert runs == [("one", "SUCCESS"), ("two", "CREATED")]
    (tmp_path / "work" / "left-by-a-dead-attempt").mkdir(parents=True)
    again = Stand(tmp_path)
    again.executor.start()
    assert again.executor.join_idle(30)
    assert again.get(id_, version).state is State.SUCCESS
    assert not (tmp_path / "work" / "left-by-a-dead-attempt").exists()
    again.close()
