"""Kill and timeout end the whole process group of a script, and nothing of it runs again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from penstock.model.state import State
from penstock.plugins.scripts.process import ScriptProcess

from .stand import TENANT, Stand

SCRIPT = """
id: script
namespace: a.b
tasks:
  - id: work
    type: scripts.shell.Commands
    TIMEOUT
    commands:
      - trap '' TERM
      - sh -c 'trap "" TERM; echo $$ > CHILD; while :; do sleep 0.05; done' &
      - echo $$ > PARENT
      - echo "::{\\"outputs\\":{\\"begun\\":true}}::"
      - wait
      - touch AFTER
  - {id: next, type: core.log.Log, message: never}
"""


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state != "Z"


@pytest.mark.parametrize("how", ["kill", "timeout"])
def test_the_whole_group_ends(tmp_path, monkeypatch, how):
    defaults = ScriptProcess.__init__.__defaults__ or ()
    monkeypatch.setattr(ScriptProcess.__init__, "__defaults__", (0.3, *defaults[1:]))
    stand = Stand(tmp_path)
    stand.executor.start()
    text = SCRIPT.replace("TIMEOUT", "timeout: PT1S" if how == "timeout" else "")
    for name in ("CHILD", "PARENT", "AFTER"):
        text = text.replace(f"> {name}", f"> {tmp_path}/{name}").replace(
            f"touch {name}", f"touch {tmp_path}/{name}"
        )
    version = stand.put(text)
    id_ = stand.submit(version)
    stand.until_started(id_, "work")
    if how == "kill":
        while not (tmp_path / "PARENT").exists() or not (tmp_path / "CHILD").exists():
            pass
        stand.executor.kill(TENANT, id_, "enough").result(10)
    assert stand.executor.join_idle(20)
    ended = stand.get(id_, version)
    assert ended.state is (State.KILLED if how == "kill" else State.FAILED)
    assert [run.task_id for run in ended.task_runs.values()] == ["work"]
    stand.close()
    for name in ("CHILD", "PARENT"):
        assert not is_alive(int((tmp_path / name).read_text()))
    assert not (tmp_path / "AFTER").exists()
