"""The folder that the children of `core.flow.WorkingDirectory` share, beyond a server's life."""

from pathlib import Path

from penstock.model.state import State

from .stand import TENANT, Stand

FLOW = """
id: shared
namespace: a.b
tasks:
  - id: wd
    type: core.flow.WorkingDirectory
    outputFiles: [out.txt]
    tasks:
      - {id: make, type: scripts.shell.Commands, commands: [echo made > a.txt]}
      - id: hold
        type: scripts.shell.Commands
        commands:
          - if test -e again; then cat a.txt > out.txt; else touch again; exec sleep 600; fi
  - {id: show, type: core.debug.Return, format: "{{ read(outputs.wd.outputFiles['out.txt']) }}"}
"""
CACHED = """
id: cached
namespace: a.b
tasks:
  - id: wd
    type: core.flow.WorkingDirectory
    cache: {patterns: [kept], ttl: %s}
    tasks:
      - {id: look, type: scripts.shell.Commands, commands: ["ls kept || mkdir kept", "touch kept/{{ execution.id }}"]}
"""


def folders(path: Path) -> list[str]:
    work = path / "work"
    return sorted(each.name for each in work.iterdir()) if work.exists() else []


def test_the_folder_outlives_the_server_while_a_task_needs_it(tmp_path: Path) -> None:
    first = Stand(tmp_path)
    first.executor.start()
    id_ = first.submit(first.put(FLOW))
    first.until_started(id_, "hold")
    while not list((tmp_path / "work").glob("shared-*/again")):
        first.executor.tick()
    first.executor.stop(grace=0)
    first.database.close()
    (tmp_path / "work" / "left-by-somebody").mkdir()
    second = Stand(tmp_path)
    second.executor.start()
    try:
        assert second.executor.join_idle(30)
        ended = second.get(id_)
        assert ended.state is State.SUCCESS
        shown = [run for run in ended.task_runs.values() if run.task_id == "show"]
        assert [run.outputs for run in shown] == [{"value": "made\n"}]
        assert folders(tmp_path) == []
    finally:
        second.close()


def test_a_kill_ends_the_children_and_removes_the_folder(stand: Stand, tmp_path: Path) -> None:
    id_ = stand.submit(stand.put(FLOW))
    stand.until_started(id_, "hold")
    stand.executor.kill(TENANT, id_, "test").result(30)
    assert stand.executor.join_idle(30)
    states = {run.task_id: run.state for run in stand.get(id_).task_runs.values()}
    assert states == {"wd": State.KILLED, "make": State.SUCCESS, "hold": State.KILLED}
    assert folders(tmp_path) == []


def test_a_cache_is_found_by_the_next_execution_while_it_is_fresh(stand: Stand) -> None:
    first = stand.run(CACHED % "PT1H")
    second = stand.run(CACHED % "PT1H")
    assert first.id not in stand.logs(first.id)
    assert first.id in stand.logs(second.id)
    third = stand.run(CACHED % "PT0S")
    assert second.id not in stand.logs(third.id)
