"""Which files an execution may read: `read()`, `core.storage.*` and the storage's isolation."""

from pathlib import Path

import pytest

from penstock.model.state import State
from penstock.runtime.files import ExecutionFiles, FileAccess
from penstock.service.isolation import Isolation

from .stand import Stand

WRITES = """
id: writes
namespace: {namespace}
tasks:
  - {{id: write, type: core.storage.Write, content: kept, extension: .txt}}
"""
READS = """
id: reads
namespace: a.b
tasks:
  - id: read
    type: core.debug.Return
    format: "{{ read('%s') }}"
"""


def written(stand: Stand, namespace: str) -> str:
    execution = stand.run(WRITES.format(namespace=namespace))
    (run,) = execution.task_runs.values()
    return str((run.outputs or {})["uri"])


def read(stand: Stand, uri: str) -> str:
    execution = stand.run(READS % uri)
    (run,) = execution.task_runs.values()
    return run.failure.message if run.failure else str((run.outputs or {})["value"])


@pytest.mark.parametrize("namespace", ["a.b", "a"])
def test_files_of_the_own_namespace_and_above_are_open(stand: Stand, namespace: str) -> None:
    assert read(stand, written(stand, namespace)) == "kept"
    assert read(stand, written(stand, namespace).replace("penstock", "kestra", 1)) == "kept"


@pytest.mark.parametrize("namespace", ["a.b.c", "a.bc", "x"])
def test_files_of_other_namespaces_are_closed(stand: Stand, namespace: str) -> None:
    said = read(stand, written(stand, namespace))
    assert f"Flows of the namespace 'a.b' may not use the files of '{namespace}'." in said


def test_an_id_alone_opens_nothing(stand: Stand) -> None:
    """A path that names the reader's own execution, or a relative's, below another namespace."""
    uri = written(stand, "x")
    mine = stand.run(WRITES.format(namespace="a.b"))
    forged = uri.replace(uri.split("/")[6], mine.id)
    access = FileAccess(stand.database, stand.world.storage, Isolation())
    files = ExecutionFiles(access, mine)
    with pytest.raises(Exception, match="There is no stored file"):
        files.open(forged)


@pytest.mark.parametrize(
    "uri",
    [
        "penstock:///a/b/../../x/writes/executions/1/tasks/t/r/f",
        "penstock:///secret-key",
        "penstock:///",
        "kestra:///a",
        "https://example.com/x",
        "file:///etc/passwd",
    ],
)
def test_nothing_else_is_read(stand: Stand, uri: str) -> None:
    said = read(stand, uri)
    assert "cannot be rendered" in said
    assert "root:" not in said


def test_a_folder_of_the_machine_is_read_where_a_setting_allows_it(
    tmp_path: Path,
) -> None:
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    (allowed / "a b.txt").write_text("from the machine")
    (tmp_path / "closed.txt").write_text("closed")
    (allowed / "way-out").symlink_to(tmp_path / "closed.txt")
    stand = Stand(tmp_path, local_folder=allowed)
    stand.executor.start()
    try:
        assert read(stand, f"file://{allowed}/a%20b.txt") == "from the machine"
        assert "There is no file" in read(stand, f"file://{allowed}/absent.txt")
        for path in (tmp_path / "closed.txt", allowed / "way-out", f"{allowed}/../closed.txt"):
            said = read(stand, f"file://{path}")
            assert "is not in the folder of files that flows may read" in said
    finally:
        stand.close()


def test_files_of_another_execution_are_deleted_only_within_the_namespace(stand: Stand) -> None:
    deletes = """
id: deletes
namespace: a.b
tasks:
  - {id: delete, type: core.storage.Delete, uri: "%s"}
"""
    assert stand.run(deletes % written(stand, "a.b")).state is State.SUCCESS
    refused = stand.run(deletes % written(stand, "a"))
    (run,) = refused.task_runs.values()
    assert run.failure is not None
    assert "a flow deletes files of executions in its own namespace only" in run.failure.message


WRITTEN = """
id: written
namespace: team.b
tasks:
  - {id: make, type: core.storage.Write, content: of b}
  - {id: up, type: core.namespace.UploadFiles, namespace: team.b, filesMap: {x.txt: "{{ outputs.make.uri }}"}}
"""
TAKES = """
id: takes
namespace: team.a
tasks:
  - id: take
    type: %s
"""
WAYS = [
    "core.debug.Return\n    format: \"{{ read('x.txt', 'team.b') }}\"",
    "core.debug.Return\n    format: \"{{ fileURI('x.txt', 'team.b') }}\"",
    "core.storage.Size\n    uri: nsfile://team.b/x.txt",
    "scripts.shell.Commands\n    namespaceFiles: {namespaces: [team.b]}\n    commands: [cat x.txt]",
    "scripts.shell.Commands\n    inputFiles: {a: nsfile://team.b/x.txt}\n    commands: [cat a]",
    "core.namespace.DownloadFiles\n    namespace: team.b\n    files: x.txt",
    "core.namespace.DeleteFiles\n    namespace: team.b\n    files: absent.txt",
]


@pytest.mark.parametrize("way", WAYS)
def test_B28_files_of_another_team_are_closed_unless_it_allows(stand: Stand, way: str) -> None:
    assert stand.run(WRITTEN).state is State.SUCCESS
    refused = stand.run(TAKES % way)
    (run,) = refused.task_runs.values()
    assert run.failure is not None
    assert (
        "Flows of the namespace 'team.a' may not use the files of 'team.b'" in run.failure.message
    )
    stand.declare("team.b", allowed_namespaces=("team.a",))
    assert stand.run(TAKES % way).state is State.SUCCESS
