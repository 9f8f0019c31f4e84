import threading

import pytest

from penstock.model.state import State
from penstock.model.task import LogLevel
from penstock.plugins.core.flow.sleep import Sleep
from penstock.sdk.task import Result, TaskFailed
from penstock.store import metric

from .stand import TENANT

FLOW = """
id: flow
namespace: a.b
tasks:
  - {id: work, type: core.flow.Sleep, duration: PT0S}
  - {id: later, type: core.debug.Return, format: "{{ outputs.work.uri is defined ? read(outputs.work.uri) : 'none' }}"}
"""


@pytest.fixture
def run(stand, monkeypatch):
    """Executes a flow of one task whose work is the given function of its context."""

    def execute(work, source=FLOW):
        monkeypatch.setattr(Sleep, "run", lambda _self, context: work(context))
        return stand.run(source)

    return execute


def first(execution):
    return next(iter(execution.task_runs.values()))


def test_a_task_knows_where_it_runs(run):
    seen = {}

    def work(context):
        seen.update(
            tenant=context.tenant,
            namespace=context.namespace,
            flow=context.flow_id,
            execution=context.execution_id,
            run=context.task_run_id,
            attempt=context.attempt,
        )

    ended = run(work)
    assert seen == {
        "tenant": TENANT,
        "namespace": "a.b",
        "flow": "flow",
        "execution": ended.id,
        "run": first(ended).id,
        "attempt": 1,
    }


def test_the_working_directory_is_empty_and_goes_with_the_attempt(run):
    folders = []

    def work(context):
        folders.append(context.working_directory)
        assert list(context.working_directory.iterdir()) == []
        (context.working_directory / "file").write_text("x")

    assert run(work).state is State.SUCCESS
    assert not folders[0].exists()


def test_files_are_kept_and_fetched_by_uri(run):
    def work(context):
        path = context.working_directory / "report.txt"
        path.write_text("kept")
        uri = context.store_file(path)
        copy = context.fetch_file(uri, context.working_directory / "copy")
        assert copy.read_text() == "kept"
        return {"uri": uri}

    ended = run(work)
    assert first(ended).outputs["uri"].startswith("penstock:///a/b/flow/executions/")
    assert list(ended.task_runs.values())[1].outputs == {"value": "kept"}


def test_lines_keep_their_order_and_what_no_database_takes_is_replaced(run, stand):
    def work(context):
        for number in range(500):
            context.log(f"line {number}")
        context.log("nul \0 lone \ud800 end", LogLevel.WARN)
        context.log("x" * 100_000)

    logs = stand.logs(run(work).id)
    assert logs[:500] == [f"line {number}" for number in range(500)]
    assert logs[500] == "nul \N{REPLACEMENT CHARACTER} lone ? end"
    assert len(logs[501]) < 70_000


def test_lines_that_are_on_their_way_come_before_the_end(run, stand, monkeypatch):
    workers, is_sending = stand.executor._workers, threading.Event()
    record = workers._record

    def slowly(lines):
        if threading.current_thread().name == "ticker":
            is_sending.set()
            threading.Event().wait(0.3)
        record(lines)

    def work(context):
        context.log("news")
        threading.Thread(target=stand.executor.tick, name="ticker").start()
        assert is_sending.wait(30)

    monkeypatch.setattr(workers, "_record", slowly)
    assert stand.logs(run(work).id) == ["news"]


def test_a_level_below_the_tasks_own_is_not_kept(run, stand):
    def work(context):
        context.log("detail", LogLevel.DEBUG)
        context.log("news")

    ended = run(work, FLOW.replace("duration: PT0S", "duration: PT0S, logLevel: INFO"))
    assert stand.logs(ended.id) == ["news"]


def test_metrics_are_recorded_on_the_task_run(run, stand):
    ended = run(lambda context: context.metric("rows", 3, kind="gauge", tags={"table": "t"}))
    with stand.database.read() as tx:
        found = [m for m in metric.of_execution(tx, TENANT, ended.id) if m.name == "rows"]
    assert [(m.name, m.value, m.kind, m.tags) for m in found] == [
        ("rows", 3.0, "gauge", {"table": "t"})
    ]


def test_expressions_are_rendered_with_extra_variables(run):
    def work(context):
        return {"text": context.render("{{ x }} {{ flow.id }}", {"x": 1})}

    assert first(run(work)).outputs == {"text": "1 flow"}


def test_a_warning_and_a_failure_keep_their_outputs(run):
    ended = run(lambda _: Result({"a": 1}, State.WARNING))
    assert (first(ended).state, first(ended).outputs) == (State.WARNING, {"a": 1})

    def fail(_):
        raise TaskFailed("because", outputs={"exitCode": 3})

    ended = run(fail)
    assert (first(ended).outputs, first(ended).failure.message) == ({"exitCode": 3}, "because")


@pytest.mark.parametrize("value", [{1, 2}, 2**70, "\ud800", object()])
def test_outputs_that_are_no_json_fail_with_a_sentence(run, value):
    ended = run(lambda _: {"x": value})
    assert "are not JSON" in first(ended).failure.message


def test_what_stops_a_task_may_be_registered_when_it_is_late(run, stand, monkeypatch):
    stopped, started = threading.Event(), threading.Event()

    def work(context):
        started.set()
        while not context.is_cancelled:
            threading.Event().wait(0.001)
        context.on_cancel(stopped.set)
        assert stopped.is_set()

    monkeypatch.setattr(Sleep, "run", lambda _self, context: work(context))
    version = stand.put(FLOW)
    id_ = stand.submit(version)
    assert started.wait(30)
    stand.executor.kill(TENANT, id_, "stop").result(30)
    assert stopped.wait(30)
    assert stand.executor.join_idle(30)
    assert stand.get(id_, version).state is State.KILLED


def test_a_thread_that_does_not_react_is_given_up(stand, monkeypatch):
    from penstock.runtime import worker

    monkeypatch.setattr(worker, "_REACTION_SECONDS", 0.0)
    release, started = threading.Event(), threading.Event()

    def work(_self, _context):
        started.set()
        release.wait(30)

    monkeypatch.setattr(Sleep, "run", work)
    version = stand.put(FLOW)
    id_ = stand.submit(version)
    assert started.wait(30)
    stand.executor.kill(TENANT, id_, "stop").result(30)
    assert stand.executor.active_count == 1
    stand.executor.tick()
    assert stand.executor.join_idle(30)
    assert stand.get(id_, version).state is State.KILLED
    release.set()


def test_who_follows_an_execution_hears_of_each_commit(stand):
    version = stand.put(FLOW)
    made = stand.create(version)
    calls = []
    undo = stand.executor.subscribe(made.id, lambda: calls.append(stand.get(made.id).state))
    stand.executor.submit(made, version).result(30)
    assert stand.executor.join_idle(30)
    undo()
    assert calls[-1] is State.SUCCESS
    assert len(calls) >= 2
