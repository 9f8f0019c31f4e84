"""What tasks count, read and remove of executions, with a server's own executor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from sqlalchemy import func, select

from penstock.model.state import State
from penstock.runtime.clock import VirtualClock
from penstock.runtime.rendering import Renderer
from penstock.sdk.history import Parts, Removed, Selection
from penstock.store import audit, event, flow, job, log, metric, purge, task_run, timetable
from penstock.store import trigger as trigger_store
from penstock.store.execution import table as execution_rows
from penstock.store.timetable import TimetableEntry
from penstock.store.trigger import TriggerKey, TriggerRow

from .stand import TENANT, Stand
from .test_retry import until

START = datetime(2026, 1, 1, tzinfo=UTC)
WRITES = """id: writes
namespace: a.b
tasks:
  - {id: one, type: core.log.Log, message: [x, y]}
  - {id: two, type: core.debug.Return, format: x}
  - id: file
    type: scripts.shell.Commands
    taskRunner: {type: core.runner.Process}
    commands: [echo hello > out.txt]
    outputFiles: [out.txt]
"""
FAILS = "id: fails\nnamespace: a.b.c\ntasks:\n  - {id: bad, type: core.execution.Fail}\n"
FOREIGN = "id: foreign\nnamespace: other\ntasks:\n  - {id: a, type: core.debug.Return, format: x}\n"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture
def stand(tmp_path, clock):
    stand = Stand(tmp_path, clock)
    stand.executor.start()
    yield stand
    stand.close()


def task(namespace: str, text: str) -> str:
    return f"id: tidy\nnamespace: {namespace}\ntasks:\n  - id: t\n{text}"


def outputs(execution):
    assert execution.state is State.SUCCESS, execution.failure
    return next(run.outputs for run in execution.task_runs.values() if run.task_id == "t")


def rows(stand: Stand, *tables) -> list[int]:
    with stand.database.read() as tx:
        return [tx.execute(select(func.count()).select_from(each)).scalar_one() for each in tables]


PURGE = "    type: core.execution.PurgeExecutions\n"


def test_a_purge_removes_what_has_ended_and_counts_it(stand, clock):
    for source in (WRITES, WRITES, FAILS):
        stand.run(source)
    clock.advance(timedelta(days=1))
    late = stand.run(WRITES)
    before = datetime(2026, 1, 1, 12, tzinfo=UTC).isoformat()
    source = task("a.b", PURGE + f'    namespace: a.b\n    endDate: "{before}"\n    batchSize: 2\n')
    tidy = stand.run(source)
    found = outputs(tidy)
    assert found["executionsCount"] == 3
    assert found["storagesCount"] == 2
    assert found["metricsCount"] == 4
    assert found["logsCount"] == 5
    assert {each.id for each in stand.all()} == {late.id, tidy.id}
    kept = {late.id, tidy.id}
    with stand.database.read() as tx:
        for each in (task_run.table, event.table, log.table, metric.table):
            owners = set(tx.execute(select(each.c.execution_id).distinct()).scalars())
            assert owners <= kept
        told = [each.record for each in audit.page(tx, TENANT, limit=100)]
        assert audit.broken_at(tx, TENANT) is None
    assert [each.detail for each in told if each.action == "execution.purge"] == [
        {"count": 2, "flows": ["a.b/writes"]},
        {"count": 1, "flows": ["a.b.c/fails"]},
    ]


def test_a_purge_keeps_what_it_is_told_to_keep(stand, clock):
    stand.run(WRITES)
    end = (clock.now() + timedelta(hours=1)).isoformat()
    source = task(
        "a.b",
        PURGE + f'    namespace: a.b\n    flowId: writes\n    endDate: "{end}"\n'
        "    purgeExecution: false\n    purgeStorage: false\n    states: [SUCCESS]\n",
    )
    found = outputs(stand.run(source))
    assert (found["executionsCount"], found["storagesCount"]) == (0, 0)
    assert found["logsCount"] > 0
    assert len(stand.all()) == 2


def test_a_purge_leaves_what_runs_and_what_it_has_called(stand, clock):
    child = "id: child\nnamespace: a.b\ntasks:\n  - {id: a, type: core.debug.Return, format: x}\n"
    parent = (
        "id: parent\nnamespace: a.b\ntasks:\n"
        "  - {id: call, type: core.flow.Subflow, namespace: a.b, flowId: child}\n"
        "  - {id: bad, type: core.execution.Fail, retry: {type: constant, interval: P9D}}\n"
    )
    stand.put(child)
    id_ = stand.submit(stand.put(parent))
    waiting = until(stand, id_, lambda found: found.state is State.RETRYING)
    records = Renderer(stand.world, stand.clock, waiting).history()
    removed = list(records.purge_executions(Selection("a.b"), Parts(), batch_size=10))
    assert removed == []
    assert len(stand.all()) == 2
    assert stand.get(id_).state is State.RETRYING


@pytest.mark.parametrize("executions", [True, False])
def test_a_purge_leaves_what_was_restarted_since_it_was_listed(stand, monkeypatch, executions):
    source = (
        WRITES
        + "  - {id: bad, type: core.execution.Fail, retry: {type: constant, interval: P9D}}\n"
    )
    id_ = stand.submit(stand.put(source))
    goes_on = until(stand, id_, lambda found: found.state is State.RETRYING)
    page = purge.page

    def stale(tx, wanted, **how):
        return page(tx, wanted, **{**how, "ended": False})

    monkeypatch.setattr(purge, "page", stale)
    records = Renderer(stand.world, stand.clock, goes_on).history()
    before = rows(stand, execution_rows, task_run.table, log.table, metric.table, job.table)
    parts = Parts(executions=executions)
    (removed,) = records.purge_executions(Selection("a.b"), parts, batch_size=10)
    assert removed == Removed()
    assert before == rows(stand, execution_rows, task_run.table, log.table, metric.table, job.table)
    uri = next(run for run in goes_on.task_runs.values() if run.task_id == "file").outputs
    assert stand.world.storage.size(TENANT, uri["outputFiles"]["out.txt"]) > 0


def test_executions_of_other_namespaces_are_not_seen(stand):
    stand.run(FOREIGN)
    stand.run(WRITES)
    purge = task("a.b", PURGE + "    endDate: '2099-01-01T00:00:00Z'\n")
    assert outputs(stand.run(purge))["executionsCount"] == 1
    named = task("a.b", PURGE + "    namespace: other\n    endDate: '2099-01-01T00:00:00Z'\n")
    refused = stand.run(named)
    assert refused.state is State.FAILED
    assert "'a.b' may not change the executions of 'other'" in refused.failure.message
    assert "foreign" in {each.flow_id for each in stand.all()}


BELOW = "a.b.below"


def test_a_flow_purges_nothing_above_its_namespace_unless_it_is_listed(stand):
    stand.run(WRITES)
    end = "    endDate: '2099-01-01T00:00:00Z'\n"
    assert outputs(stand.run(task(BELOW, PURGE + end)))["executionsCount"] == 0
    logs = "    type: core.log.PurgeLogs\n" + end
    assert outputs(stand.run(task(BELOW, logs + "    flowId: writes\n")))["count"] == 0
    for way in (PURGE, "    type: core.log.PurgeLogs\n"):
        refused = stand.run(task(BELOW, way + end + "    namespace: a.b\n"))
        assert "may not change the executions of 'a.b'" in refused.failure.message
    sweep = "    type: core.storage.PurgeStorage\n    namespace: a.b\n    flowId: writes\n"
    assert outputs(stand.run(task(BELOW, sweep + end)))["purgedCount"] == 0
    assert "writes" in {each.flow_id for each in stand.all()}
    stand.declare("a.b", allowed_namespaces=[BELOW])
    named = task(BELOW, PURGE + end + "    namespace: a.b\n    flowId: writes\n")
    assert outputs(stand.run(named))["executionsCount"] == 1


def test_a_flow_resumes_and_toggles_nothing_above_its_namespace(stand):
    id_ = stand.submit(stand.put(PAUSES))
    until(stand, id_, lambda found: found.state is State.PAUSED)
    resume = "    type: core.execution.Resume\n    inputs: {reason: fine}\n"
    toggle = "    type: core.trigger.Toggle\n    namespace: a.b\n    flowId: f\n    trigger: t\n"
    for way, what in (
        (f"{resume}    executionId: {id_}\n", "executions"),
        (f"{resume}    namespace: a.b\n    flowId: pauses\n", "executions"),
        (toggle, "triggers"),
    ):
        by = stand.submit(stand.put(task(BELOW, way)))
        refused = until(stand, by, lambda found: found.state.is_terminated)
        assert f"may not change the {what} of 'a.b'" in refused.failure.message
    assert stand.get(id_).state is State.PAUSED


def test_executions_are_counted(stand):
    for source in (WRITES, FAILS, FAILS):
        stand.run(source)
    source = task(
        "a.b",
        "    type: core.execution.Count\n    startDate: '2025-01-01'\n"
        "    flows: [{namespace: a.b, flowId: writes}, {namespace: a.b.c, flowId: fails}]\n"
        "    namespaces: [a.b.c]\n    states: [FAILED, SUCCESS]\n"
        '    expression: "{{ count > 1 }}"\n',
    )
    assert outputs(stand.run(source)) == {
        "results": [
            {"namespace": "a.b.c", "flowId": "fails", "count": 2},
            {"namespace": "a.b.c", "flowId": None, "count": 2},
        ],
        "total": 4,
    }


def test_logs_are_fetched_as_json_lines(stand):
    first = stand.run(WRITES)
    source = task(
        "a.b", f"    type: core.log.Fetch\n    executionId: {first.id}\n    tasksId: [one]\n"
    )
    found = outputs(stand.run(source))
    assert found["size"] == 2
    with stand.world.storage.open(TENANT, found["uri"]) as file:
        lines = [orjson.loads(line) for line in file.read().splitlines()]
    assert [line["message"] for line in lines] == ["x", "y"]
    assert set(lines[0]) == {
        *("namespace", "flowId", "executionId", "taskId", "taskRunId", "attemptNumber"),
        *("timestamp", "level", "message"),
    }
    missing = stand.run(task("a.b", "    type: core.log.Fetch\n    executionId: nobody\n"))
    assert missing.state is State.FAILED


def test_logs_are_purged_by_level_and_time(stand, clock):
    first = stand.run(WRITES)
    clock.advance(timedelta(hours=1))
    stand.run(WRITES)
    source = task(
        "a.b",
        "    type: core.log.PurgeLogs\n    namespace: a.b\n    logLevels: [INFO, DEBUG]\n"
        f"    endDate: '{(START + timedelta(minutes=5)).isoformat()}'\n",
    )
    assert outputs(stand.run(source)) == {"count": 2}
    assert stand.logs(first.id) == []
    assert rows(stand, execution_rows) == [3]


def test_a_trigger_is_toggled(stand, clock):
    entry = TimetableEntry(
        "trigger", TENANT, "a.b", "nightly", "at_night", "0 3 * * *", next_fire_at=START
    )
    with stand.database.transaction() as tx:
        timetable.replace(tx, TENANT, [entry])
        key = TriggerKey(TENANT, "a.b", "nightly", "at_night")
        row = TriggerRow(key, "core.trigger.Schedule")
        trigger_store.declare(tx, TENANT, {("a.b", "nightly"): [row]})
    toggle = "    type: core.trigger.Toggle\n    flowId: nightly\n    trigger: {}\n"

    def state() -> TimetableEntry:
        with stand.database.read() as tx:
            return timetable.find(tx, TENANT, "trigger", "a.b", "nightly")[0]

    def is_off() -> bool:
        with stand.database.read() as tx:
            return trigger_store.find(tx, key).is_off

    assert stand.run(task("a.b", toggle.format("at_night"))).state is State.SUCCESS
    assert is_off()
    assert not state().disabled, "what is declared stays"
    clock.advance(timedelta(days=3))
    enabled = toggle.format("at_night") + "    enabled: true\n"
    assert stand.run(task("a.b", enabled)).state is State.SUCCESS
    assert not is_off()
    assert state().next_fire_at == datetime(2026, 1, 4, 3, tzinfo=UTC)
    wrong = stand.run(task("a.b", toggle.format("at_noon")))
    assert wrong.state is State.FAILED
    assert "It has 'at_night'." in wrong.failure.message


PAUSES = """id: pauses
namespace: a.b
tasks:
  - id: wait
    type: core.flow.Pause
    onResume: [{id: reason, type: STRING}]
  - {id: say, type: core.debug.Return, format: "{{ outputs.wait.onResume.reason }}"}
"""


def test_a_paused_execution_is_resumed_by_id_or_by_flow(stand):
    version = stand.put(PAUSES)
    resume = "    type: core.execution.Resume\n"
    for how in ("executionId: {id}", "flowId: pauses"):
        id_ = stand.submit(version)
        until(stand, id_, lambda found: found.state is State.PAUSED)
        about = "    " + how.format(id=id_) + "\n    inputs: {reason: fine}\n"
        by = stand.run(task("a.b", resume + about))
        assert by.state is State.SUCCESS, by.failure
        found = until(stand, id_, lambda found: found.state.is_terminated)
        assert found.state is State.SUCCESS
        assert [run.outputs for run in found.task_runs.values()][1] == {"value": "fine"}
    none = stand.run(task("a.b", resume + "    flowId: pauses\n"))
    assert none.failure.message.endswith("No execution of the flow a.b/pauses is paused.")
    over = stand.run(task("a.b", resume + f"    executionId: {id_}\n"))
    assert over.state is State.FAILED
    assert "SUCCESS" in over.failure.message


REVISION = "id: {id}\nnamespace: {namespace}\ntasks:\n  - {{id: a, type: core.log.Log, message: '{text}'}}\n"
PURGE_FLOWS = "    type: core.flow.PurgeFlows\n"


def revisions(stand, namespace, name):
    with stand.database.read() as tx:
        return [each.revision for each in flow.revisions(tx, TENANT, namespace, name)]


def test_old_revisions_of_flows_are_forgotten(stand, clock):
    for namespace, name in (("a.b", "one"), ("a.b.c", "two"), ("other", "three")):
        for text in "xyz":
            stand.put(REVISION.format(id=name, namespace=namespace, text=text))
    keep = "    behavior: {type: version, keepAmount: 2}\n"
    only = "    namespaces: [a.b]\n    includeChildNamespaces: false\n"
    assert outputs(stand.run(task("a.b", PURGE_FLOWS + only + keep))) == {"size": 1}
    assert revisions(stand, "a.b", "one") == [3, 2]
    # Without a name all are meant that the flow may use.
    assert outputs(stand.run(task("a.b", PURGE_FLOWS + keep))) == {"size": 1}
    assert revisions(stand, "a.b.c", "two") == [3, 2]
    assert revisions(stand, "other", "three") == [3, 2, 1]
    denied = stand.run(task("a.b", PURGE_FLOWS + "    namespaces: [other]\n" + keep))
    assert denied.state is State.FAILED
    assert revisions(stand, "other", "three") == [3, 2, 1]
    with stand.database.read() as tx:
        told = [each.record for each in audit.page(tx, TENANT, limit=100)]
        assert audit.broken_at(tx, TENANT) is None
    assert [(each.object, each.detail) for each in told if each.action == "flow.purge"] == [
        ("flow/a.b/one", {"revisions": [1]}),
        ("flow/a.b.c/two", {"revisions": [1]}),
    ]


def test_a_revision_that_is_needed_stays(stand, clock):
    pauses = "id: held\nnamespace: a.b\ntasks:\n  - {id: ask, type: core.flow.Pause}\n"
    waiting = stand.submit(stand.put(pauses))
    until(stand, waiting, lambda found: found.state is State.PAUSED)
    for text in "xyz":
        stand.put(REVISION.format(id="held", namespace="a.b", text=text))
    after = (clock.now() + timedelta(days=3650)).isoformat()
    before = f'    behavior: {{type: version, before: "{after}"}}\n    flowPattern: "he*"\n'
    tidy = stand.submit(stand.put(task("a.b", PURGE_FLOWS + before)))
    ended = until(stand, tidy, lambda found: found.state.is_terminated)
    assert outputs(ended) == {"size": 2}
    assert revisions(stand, "a.b", "held") == [4, 1]
    stand.put(REVISION.format(id="held", namespace="a.b", text="new"))
    assert revisions(stand, "a.b", "held") == [5, 4, 1]
