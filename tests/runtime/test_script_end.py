"""Kill and timeout end the whole process group of a script, and nothing of it runs again."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from penstock.model.state import State
from penstock.plugins.scripts.process import ScriptProcess
from penstock.runtime.clock import VirtualClock

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
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"


def until(is_so: Callable[[], bool]) -> None:
    """Waits for what nobody tells."""
    end, never = time.monotonic() + 30, threading.Event()
    while not is_so():
        assert time.monotonic() < end
        never.wait(0.005)


def written(path: Path) -> int:
    """What a script writes, once it has."""
    until(lambda: path.exists() and path.read_text().endswith("\n"))
    return int(path.read_text())


@pytest.mark.parametrize("how", ["kill", "timeout"])
def test_the_whole_group_ends(tmp_path, monkeypatch, how):
    defaults = ScriptProcess.__init__.__defaults__ or ()
    monkeypatch.setattr(ScriptProcess.__init__, "__defaults__", (0.3, *defaults[1:]))
    clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
    stand = Stand(tmp_path, clock)
    stand.executor.start()
    text = SCRIPT.replace("TIMEOUT", "timeout: PT1H" if how == "timeout" else "")
    for name in ("CHILD", "PARENT", "AFTER"):
        text = text.replace(f"> {name}", f"> {tmp_path}/{name}").replace(
            f"touch {name}", f"touch {tmp_path}/{name}"
        )
    version = stand.put(text)
    id_ = stand.submit(version)
    stand.until_started(id_, "work")
    pids = [written(tmp_path / name) for name in ("CHILD", "PARENT")]
    if how == "kill":
        stand.executor.kill(TENANT, id_, "enough").result(30)
    else:
        clock.advance(timedelta(hours=1))
    assert stand.executor.join_idle(30)
    ended = stand.get(id_, version)
    assert ended.state is (State.KILLED if how == "kill" else State.FAILED)
    assert [run.task_id for run in ended.task_runs.values()] == ["work"]
    stand.close()
    for pid in pids:
        # They are told before the task run ends, and die when they get to it.
        until(lambda pid=pid: not is_alive(pid))
    assert not (tmp_path / "AFTER").exists()
