"""`core.flow.ForEachItem` and `core.flow.Loop` through restarts of executions and of the server."""

from __future__ import annotations

from penstock.engine.operation import Restart
from penstock.model.state import State

from .stand import Stand
from .test_operation import done

CHILD = """
id: child
namespace: a.b
inputs: [{id: n, type: INT}]
tasks:
  - id: mended
    type: core.kv.Get
    key: mended
    errorOnMissing: false
  - id: work
    type: core.execution.Fail
    condition: "{{ inputs.n == 1 and outputs.mended.value != 'yes' }}"
outputs: [{id: n, type: INT, value: "{{ inputs.n }}"}]
"""
MAIN = """
id: main
namespace: a.b
tasks:
  - {id: write, type: core.storage.Write, content: "a\\nb\\nc\\n"}
  - id: each
    type: core.flow.ForEachItem
    items: "{{ outputs.write.uri }}"
    namespace: a.b
    flowId: child
    inputs: {n: "{{ taskrun.iteration }}"}
  - {id: read, type: core.debug.Return, format: "{{ read(outputs.each.uri) }}"}
"""
MEND = """
id: mend
namespace: a.b
tasks:
  - {id: set, type: core.kv.Set, key: mended, value: "yes"}
"""


def test_a_restart_of_batches_restarts_only_the_execution_that_failed(tmp_path):
    stand = Stand(tmp_path)
    stand.executor.start()
    stand.put(CHILD)
    failed = stand.run(MAIN).id
    assert stand.get(failed).state is State.FAILED
    before = [run.child_execution_id for run in stand.get(failed).task_runs.values()]
    assert stand.run(MEND).state is State.SUCCESS
    assert done(stand, failed, Restart()) is State.SUCCESS
    ended = stand.get(failed)
    runs = {run.task_id: run for run in ended.task_runs.values()}
    assert [run.child_execution_id for run in ended.task_runs.values()][: len(before)] == before
    assert (runs["each"].outputs or {})["iterations"] == {"SUCCESS": 3}
    assert runs["read"].outputs == {"value": '{"n":0}\n{"n":1}\n{"n":2}\n'}
    assert len(runs["each_split"].attempts) == 1
    stand.close()
