"""`kill -9` at random moments, with real processes on one SQLite file."""

import random
import subprocess
import sys
import threading
from pathlib import Path

from penstock.engine.check import check
from penstock.model.state import State

from .stand import Stand

ROUNDS = 10
EXECUTIONS = 500
SUB = """
id: a-sub
namespace: a.b
tasks:
  - {id: nap, type: core.flow.Sleep, duration: PT0.002S}
  - {id: id, type: core.debug.Return, format: "{{ uuid() }}"}
outputs:
  - {id: id, type: STRING, value: "{{ outputs.id.value }}"}
"""
MAIN = """
id: b-main
namespace: a.b
tasks:
  - {id: one, type: core.debug.Return, format: "{{ uuid() }}"}
  - id: each
    type: core.flow.ForEach
    values: [a, b]
    concurrencyLimit: 2
    tasks:
      - {id: nap, type: core.flow.Sleep, duration: PT0.002S}
  - {id: call, type: core.flow.Subflow, namespace: a.b, flowId: a-sub}
  - {id: two, type: core.log.Log, message: "{{ outputs.one.value }} {{ outputs.call.outputs.id }}"}
"""


def results(executions):
    """Recorded results: final states and outputs of task runs and executions."""
    return {
        run.id: (run.state, run.outputs)
        for execution in executions
        for run in execution.task_runs.values()
        if run.state is State.SUCCESS
    } | {e.id: (e.state, e.outputs) for e in executions if e.state.is_terminated}


def start(folder: Path, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "server.py"), str(folder), str(count)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_every_accepted_execution_ends_and_no_result_is_lost(tmp_path):
    (tmp_path / "a.yaml").write_text(SUB)
    (tmp_path / "b.yaml").write_text(MAIN)
    chance = random.Random(20261121)
    accepted: set[str] = set()
    recorded: dict[str, object] = {}
    for _ in range(ROUNDS):
        process = start(tmp_path, EXECUTIONS // ROUNDS)
        # From the first accepted execution until well after the last one.
        first = process.stdout.readline().split()
        if first:
            accepted.add(first[1])
        killer = threading.Timer(chance.uniform(0.0, 0.35), process.kill)
        killer.start()
        for line in process.stdout:
            word, value = line.split()
            if word == "accepted":
                accepted.add(value)
        process.wait()
        killer.cancel()
        process.stdout.close()
        dead = Stand(tmp_path)
        present = results(dead.all())
        dead.database.close()
        assert recorded.items() <= present.items(), "a recorded result was lost or changed"
        recorded = present

    last = Stand(tmp_path)
    last.executor.start()
    assert last.executor.join_idle(30)
    ended = last.all()
    assert recorded.items() <= results(ended).items()
    assert accepted <= {e.id for e in ended}
    assert len(accepted) > EXECUTIONS // 4
    assert {e.state for e in ended} == {State.SUCCESS}
    flows = {}
    with last.database.read() as tx:
        for execution in ended:
            key = execution.flow_id, execution.flow_revision
            if key not in flows:
                flows[key] = last.flows.at(tx, "main", "a.b", *key).flow
            assert check(execution, flows[key]) == []
    mains = [e for e in ended if e.flow_id == "b-main"]
    children = [e for e in ended if e.flow_id == "a-sub"]
    assert sorted(e.parent_id for e in children) == sorted(e.id for e in mains)
    for execution in mains:
        assert len(last.logs(execution.id)) == 1
        last.events(execution.id)
    last.close()
