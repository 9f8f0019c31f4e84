import itertools

import pytest

from penstock.errors import NotFound, Unavailable
from penstock.model.state import State

from .stand import TENANT, Stand

TWO = """
id: two
namespace: a.b
tasks:
  - {id: one, type: core.debug.Return, format: "hello {{ flow.id }}"}
  - {id: two, type: core.log.Log, message: "{{ outputs.one.value }}!"}
"""
SLEEP = """
id: sleep
namespace: a.b
tasks:
  - {id: before, type: core.log.Log, message: about to sleep}
  - {id: nap, type: core.flow.Sleep, duration: PT30S}
  - {id: after, type: core.log.Log, message: never}
"""


def states(execution):
    return {run.task_id: run.state.value for run in execution.task_runs.values()}


def test_a_flow_of_two_tasks_runs_and_its_rows_tell_all(stand):
    ended = stand.run(TWO)
    assert ended.state is State.SUCCESS
    assert [run.outputs for run in ended.task_runs.values()] == [{"value": "hello two"}, None]
    assert stand.logs(ended.id) == ["hello two!"]
    assert stand.events(ended.id)[0] == ("created", "CREATED")
    assert stand.events(ended.id)[-1] == ("ended", "SUCCESS")


def test_an_answer_comes_after_the_commit(stand):
    version = stand.put(TWO)
    made = stand.create(version)
    answer = stand.executor.submit(made, version).result(30)
    assert stand.get(answer.id).id == made.id


def test_worker_tasks_and_instant_tasks_follow_each_other(stand):
    ended = stand.run(SLEEP.replace("PT30S", "PT0S"))
    assert ended.state is State.SUCCESS
    assert stand.logs(ended.id) == ["about to sleep", "never"]
    nap = list(ended.task_runs.values())[1]
    assert nap.attempts[0].worker not in {None, "executor"}
    with stand.database.read() as tx:
        from penstock.store import job

        assert job.everyone(tx) == []


def test_a_thousand_children_in_parallel(stand):
    ended = stand.run("""
id: fan
namespace: a.b
tasks:
  - id: each
    type: core.flow.ForEach
    values: "{{ range(1, 1000) }}"
    concurrencyLimit: 0
    tasks:
      - {id: one, type: core.debug.Return, format: "{{ taskrun.value }}"}
""")
    assert ended.state is State.SUCCESS
    assert len(ended.task_runs) == 1001


def test_more_jobs_than_workers_wait_for_their_turn(stand):
    ended = stand.run("""
id: wide
namespace: a.b
tasks:
  - id: each
    type: core.flow.ForEach
    values: "{{ range(1, 30) }}"
    concurrencyLimit: 0
    tasks:
      - {id: nap, type: core.flow.Sleep, duration: PT0S}
""")
    assert ended.state is State.SUCCESS
    assert len(ended.task_runs) == 31


def test_a_failed_task_ends_the_flow_and_later_ones_never_start(stand):
    ended = stand.run("""
id: bad
namespace: a.b
tasks:
  - {id: broken, type: core.debug.Return, format: "{{ nothing.here }}"}
  - {id: later, type: core.log.Log, message: never}
errors:
  - {id: handler, type: core.log.Log, message: "{{ errorLogs() | length }} handled"}
""")
    assert ended.state is State.FAILED
    assert states(ended) == {"broken": "FAILED", "handler": "SUCCESS"}
    assert "format" in next(iter(ended.task_runs.values())).failure.message


def test_a_kill_wakes_the_worker_and_nothing_runs_afterwards(stand):
    version = stand.put(SLEEP)
    id_ = stand.submit(version)
    stand.until_started(id_, "nap")
    stand.executor.kill(TENANT, id_, "not needed").result(30)
    assert stand.executor.join_idle(30)
    ended = stand.get(id_, version)
    assert ended.state is State.KILLED
    assert states(ended) == {"before": "SUCCESS", "nap": "KILLED"}


def test_a_kill_of_what_has_ended_gives_it_back(stand):
    ended = stand.run(TWO)
    assert stand.executor.kill(TENANT, ended.id, "late").result(30).state is State.SUCCESS
    with pytest.raises(NotFound):
        stand.executor.kill("other", ended.id, "foreign").result(30)


def test_a_timeout_fails_the_task_and_stops_its_worker(stand):
    ended = stand.run(
        SLEEP.replace(
            "duration: PT30S",
            "duration: PT30S, timeout: PT0.05S, retry: "
            "{type: constant, interval: PT0.01S, maxAttempts: 2}",
        )
    )
    assert ended.state is State.FAILED
    nap = list(ended.task_runs.values())[1]
    assert "timeout" in nap.failure.message
    assert len(nap.attempts) == 2


def test_outputs_over_the_limit_fail_with_their_own_sentence(stand):
    ended = stand.run("""
id: big
namespace: a.b
tasks:
  - {id: one, type: core.debug.Return, format: "{% for i in range(1, 9000) %}0123456789{% endfor %}"}
""")
    assert ended.state is State.FAILED
    message = next(iter(ended.task_runs.values())).failure.message
    assert "at most" in message
    assert "MiB" in message


def test_secrets_are_hidden_in_everything_that_stays(stand):
    stand.secrets.values["KEY"] = "canary-5f2c"
    ended = stand.run("""
id: hush
namespace: a.b
tasks:
  - {id: show, type: core.log.Log, message: "key {{ secret('KEY') }}"}
  - {id: keep, type: core.debug.Return, format: "{{ secret('KEY') }}"}
  - {id: use, type: core.debug.Return, format: "{{ outputs.keep.value }}"}
  - {id: each, type: core.flow.ForEach, values: ["{{ secret('KEY') }}"], tasks: [{id: log, type: core.log.Log, message: "{{ taskrun.value }}"}]}
  - {id: fail, type: core.execution.Fail, errorMessage: "no {{ secret('KEY') }}"}
outputs:
  - {id: out, type: STRING, value: "{{ secret('KEY') }}"}
""")
    assert ended.state is State.FAILED
    assert stand.logs(ended.id)[:2] == ["key ******", "******"]
    with stand.database.read() as tx:
        dump = "\n".join(
            repr(row)
            for table in ("execution", "task_run", "event", "log")
            for row in tx.exec_driver_sql(f"SELECT * FROM {table}")
        )
    assert "canary" not in dump
    assert "******" in dump


def test_a_missing_secret_fails_with_the_way_to_set_it(stand):
    ended = stand.run("""
id: missing
namespace: a.b
tasks:
  - {id: one, type: core.log.Log, message: "{{ secret('NOPE') }}"}
""")
    assert "penstock secret put a.b/NOPE" in next(iter(ended.task_runs.values())).failure.message


CHILD = """
id: child
namespace: a.b
inputs:
  - {id: name, type: STRING}
tasks:
  - {id: say, type: core.debug.Return, format: "hi {{ inputs.name }}"}
outputs:
  - {id: said, type: STRING, value: "{{ outputs.say.value }}"}
"""
PARENT = """
id: parent
namespace: a.b
tasks:
  - {id: call, type: core.flow.Subflow, namespace: a.b, flowId: child, inputs: {name: "{{ flow.id }}"}}
  - {id: log, type: core.log.Log, message: "{{ outputs.call.outputs.said }}"}
"""


def test_a_subflow_runs_as_a_child_and_hands_back_its_outputs(stand):
    stand.put(CHILD)
    ended = stand.run(PARENT)
    assert ended.state is State.SUCCESS
    assert stand.logs(ended.id) == ["hi parent"]
    child = next(e for e in stand.all() if e.flow_id == "child")
    assert child.parent_id == ended.id
    assert child.labels["system.correlationId"] == ended.id


@pytest.mark.parametrize(
    ("child", "sentence"),
    [
        (None, "Unable to find flow 'a.b'.'child'"),
        (CHILD + "disabled: true\n", "Cannot execute a flow which is disabled"),
        (CHILD.replace("STRING}", "INT}", 1), "name"),
    ],
)
def test_a_subflow_that_cannot_run_fails_its_task(stand, child, sentence):
    if child:
        stand.put(child)
    ended = stand.run(PARENT)
    assert ended.state is State.FAILED
    assert sentence in next(iter(ended.task_runs.values())).failure.message


def test_a_secret_does_not_travel_through_a_childs_inputs(stand):
    stand.secrets.values["KEY"] = "canary-5f2c"
    stand.put(CHILD)
    ended = stand.run(PARENT.replace("{{ flow.id }}", "{{ secret('KEY') }}"))
    assert "holds a secret" in next(iter(ended.task_runs.values())).failure.message


def test_a_secret_does_not_travel_through_a_childs_outputs_and_labels(stand):
    stand.secrets.values["KEY"] = "canary-5f2c"
    stand.put("""
id: child
namespace: a.b
tasks:
  - {id: fail, type: core.execution.Fail, errorMessage: "no {{ secret('KEY') }}"}
outputs:
  - {id: said, type: STRING, value: "{{ secret('KEY') }}"}
""")
    stand.run("""
id: parent
namespace: a.b
tasks:
  - {id: call, type: core.flow.Subflow, namespace: a.b, flowId: child, transmitFailed: false}
  - {id: log, type: core.log.Log, message: "{{ outputs.call }}"}
  - id: labelled
    type: core.flow.Subflow
    namespace: a.b
    flowId: child
    labels: {key: "{{ secret('KEY') }}"}
""")
    with stand.database.read() as tx:
        dump = "\n".join(
            repr(row)
            for table in ("execution", "task_run", "event", "log")
            for row in tx.exec_driver_sql(f"SELECT * FROM {table}")
        )
    assert "canary" not in dump
    assert [each.labels.get("key") for each in stand.all() if each.flow_id == "child"] == [
        "******",
        None,
    ]


def test_a_kill_of_the_parent_kills_the_child(stand):
    sleeper = stand.put(SLEEP)
    parent = stand.put(PARENT.replace("flowId: child", "flowId: sleep"))
    id_ = stand.submit(parent)
    child = next(e for e in stand.all() if e.flow_id == "sleep")
    stand.until_started(child.id, "nap")
    stand.executor.kill(TENANT, id_, "enough").result(30)
    assert stand.executor.join_idle(30)
    assert stand.get(id_, parent).state is State.KILLED
    assert stand.get(child.id, sleeper).state is State.KILLED


LIMITED = """
id: limited
namespace: a.b
concurrency: {limit: 1, behavior: QUEUE}
tasks:
  - {id: nap, type: core.flow.Sleep, duration: PT0.02S}
"""


def test_queued_executions_begin_in_order_and_one_at_a_time(stand):
    version = stand.put(LIMITED)
    ids = [stand.submit(version) for _ in range(5)]
    assert stand.executor.join_idle(30)
    ended = [stand.get(id_, version) for id_ in ids]
    assert {e.state for e in ended} == {State.SUCCESS}
    for one, other in itertools.pairwise(ended):
        assert one.ended_at <= other.started_at


@pytest.mark.parametrize(("behavior", "state"), [("CANCEL", "CANCELLED"), ("FAIL", "FAILED")])
def test_executions_over_the_limit_are_refused(stand, behavior, state):
    version = stand.put(LIMITED.replace("QUEUE", behavior).replace("PT0.02S", "PT10S"))
    first, second = stand.submit(version), stand.submit(version)
    assert stand.get(second, version).state.value == state
    stand.executor.kill(TENANT, first, "done").result(30)
    assert stand.executor.join_idle(30)
    assert stand.get(first).state is State.KILLED


def test_a_raised_limit_lets_queued_executions_begin(stand):
    version = stand.put(LIMITED.replace("PT0.02S", "PT10S"))
    ids = [stand.submit(version) for _ in range(3)]
    assert [stand.get(id_).state.value for id_ in ids] == ["RUNNING", "QUEUED", "QUEUED"]
    stand.put(LIMITED.replace("limit: 1", "limit: 3"))
    stand.executor.declared()
    for id_ in ids[1:]:
        stand.until_started(id_, "nap")
        stand.executor.kill(TENANT, id_, "done").result(30)
    stand.executor.kill(TENANT, ids[0], "done").result(30)
    assert stand.executor.join_idle(30)


def test_a_killed_queued_execution_leaves_the_queue(stand):
    version = stand.put(LIMITED.replace("PT0.02S", "PT10S"))
    first, second, third = (stand.submit(version) for _ in range(3))
    stand.executor.kill(TENANT, second, "no").result(30)
    stand.executor.kill(TENANT, first, "no").result(30)
    stand.until_started(third, "nap")
    assert stand.get(second).state is State.KILLED
    stand.executor.kill(TENANT, third, "no").result(30)
    assert stand.executor.join_idle(30)


def test_a_plugin_that_breaks_fails_its_task_only(stand, monkeypatch):
    from penstock.plugins.core.flow.sleep import Sleep

    def run(self, context):
        raise RuntimeError("the plugin's own bug")

    monkeypatch.setattr(Sleep, "run", run)
    ended = stand.run(SLEEP)
    assert ended.state is State.FAILED
    assert "the plugin's own bug" in list(ended.task_runs.values())[1].failure.message
    assert stand.run(TWO).state is State.SUCCESS


def test_an_execution_with_which_the_engine_breaks_fails_alone(stand, monkeypatch):
    from penstock.runtime import batch

    real = batch.advance

    def advance(flow, execution, messages, now, ports):
        if flow.id == "sleep":
            raise RuntimeError("a bug of the engine")
        return real(flow, execution, messages, now, ports)

    monkeypatch.setattr(batch, "advance", advance)
    broken, fine = stand.put(SLEEP), stand.put(TWO)
    one = stand.executor.submit(stand.create(broken), broken)
    other = stand.executor.submit(stand.create(fine), fine)
    assert one.result(30).state is State.FAILED
    assert other.result(30).state is State.SUCCESS
    assert "a bug of the engine" in stand.logs(one.result().id)[0]


def test_after_the_stop_nothing_is_accepted(stand):
    version = stand.put(TWO)
    stand.executor.stop(grace=0)
    with pytest.raises(Unavailable):
        stand.submit(version)


def test_a_second_server_is_refused_by_name(stand, tmp_path):
    other = Stand(tmp_path)
    with pytest.raises(Unavailable, match="in use by process"):
        other.executor.start()


async def _accept(stand, version):
    return await stand.executor.accept(stand.create(version), version)


def test_event_loops_are_answered_after_the_commit(stand):
    import asyncio

    version = stand.put(TWO)

    async def many():
        return await asyncio.gather(*(_accept(stand, version) for _ in range(50)))

    assert {stand.get(e.id).id for e in asyncio.run(many())} == {e.id for e in stand.all()}
