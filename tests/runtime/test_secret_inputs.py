"""Secret inputs and outputs: plain for expressions, encrypted at rest, hidden everywhere else."""

import threading

from penstock.model.sealed import box_of, hidden
from penstock.model.state import State
from penstock.runtime.rendering import Renderer
from penstock.secrets.cipher import Cipher
from penstock.secrets.envelope import Key
from penstock.service.beginning import seen
from penstock.service.inputs import Given, resolved

from .stand import Stand
from .test_recovery import arm

CANARY = "canary-5f2c"
CHILD = """
id: child
namespace: a.b
inputs:
  - {id: token, type: SECRET}
tasks:
  - {id: say, type: core.debug.Return, format: "{{ inputs.token }}"}
outputs:
  - {id: token, type: SECRET, value: "{{ inputs.token }}"}
"""
FLOW = """
id: hush
namespace: a.b
inputs:
  - {id: token, type: SECRET}
tasks:
  - {id: first, type: core.log.Log, message: "{{ inputs.token }}"}
  - {id: nap, type: core.flow.Sleep, duration: PT0S}
  - {id: call, type: core.flow.Subflow, namespace: a.b, flowId: child, inputs: {token: "{{ inputs.token }}"}}
  - {id: wait, type: core.flow.Sleep, duration: PT0S}
  - {id: same, type: core.log.Log, message: "{{ outputs.call.outputs.token == 'canary-5f2c' }}"}
  - {id: keep, type: core.debug.Return, format: "{{ outputs.call.outputs.token }}"}
  - {id: whole, type: core.log.Log, message: "{{ inputs }} {{ outputs.call }} {{ inputs | toJson }}"}
  - {id: fail, type: core.execution.Fail, errorMessage: "no {{ inputs.token }}", allowFailure: true}
outputs:
  - {id: token, type: SECRET, value: "{{ outputs.call.outputs.token }}"}
"""


def submit(stand: Stand, source: str, **inputs):
    version = stand.put(source)
    made = stand.create(version)
    renderer = Renderer(stand.world, stand.clock, made)
    made.inputs.update(resolved(version.flow, Given(inputs, seen(version.flow, 1)), renderer))
    return stand.executor.submit(made, version).result(30), version


def dump(stand: Stand) -> str:
    tables = ("execution", "task_run", "event", "log", "audit_event")
    with stand.database.read() as tx:
        found = [tx.exec_driver_sql(f"SELECT * FROM {table}") for table in tables]
        return "\n".join(repr(row) for rows in found for row in rows)


def test_a_secret_input_is_nowhere_readable(stand):
    stand.put(CHILD)
    accepted, version = submit(stand, FLOW, token=CANARY)
    assert stand.executor.join_idle(30)
    ended = stand.get(accepted.id, version)
    assert ended.state is State.WARNING
    lines = stand.logs(accepted.id)
    assert lines[:2] == ["******", "true"]
    assert "canary" not in dump(stand)
    assert box_of(ended.inputs["token"])
    assert box_of(ended.outputs["token"])
    assert hidden(ended.outputs) == {"token": "******"}
    child = next(each for each in stand.all() if each.flow_id == "child")
    assert box_of(child.inputs["token"])


def test_a_secret_input_is_hidden_after_a_crash(tmp_path, monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    stand = Stand(tmp_path)
    stand.executor.start()
    stand.put(CHILD)
    died = arm(stand, monkeypatch, "after commit", 2)
    accepted, version = submit(stand, FLOW, token=CANARY)
    assert died.wait(30)
    stand.executor._thread.join(30)
    stand.executor._ownership.release()

    again = Stand(tmp_path)
    again.executor.start()
    assert again.executor.join_idle(30)
    ended = again.get(accepted.id, version)
    assert ended.state is State.WARNING
    assert "true" in again.logs(accepted.id)
    assert "canary" not in dump(again)
    again.close()


def test_another_key_opens_nothing_and_says_so(tmp_path):
    stand = Stand(tmp_path)
    stand.executor.start()
    version = stand.put(CHILD)
    made = stand.create(version)
    made.inputs["token"] = {
        "type": "penstock.datatype:aes_encrypted",
        "value": Cipher(Key(bytes([1]) * 32)).seal("main", CANARY),
    }
    stand.executor.submit(made, version).result(30)
    assert stand.executor.join_idle(30)
    ended = stand.get(made.id)
    assert ended.state is State.FAILED
    failure = next(iter(ended.task_runs.values())).failure.message
    assert "A secret value cannot be read: " in failure
    assert "PENSTOCK_MASTER_KEY" not in failure
    stand.close()


def test_what_only_looks_sealed_is_refused_when_it_is_read(stand):
    ended = stand.run(
        """
id: fake
namespace: a.b
inputs: [{id: odd, type: JSON}]
tasks:
  - {id: one, type: core.log.Log, message: "{{ inputs.odd }}"}
""",
        odd={"type": "penstock.datatype:aes_encrypted", "value": "bm9wZQ=="},
    )
    assert ended.state is State.FAILED
