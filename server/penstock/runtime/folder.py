"""The folder that the children of a `FolderTask` share."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from penstock.model.execution import Execution, TaskRun
from penstock.model.task import Task
from penstock.sdk.flowable import FolderTask

_PREPARED = ".penstock-prepared"


def shared_folder(root: Path, owner_id: str) -> Path:
    """The folder of the flowable's task run."""
    return root / f"shared-{owner_id}"


def owner_of(execution: Execution, tasks: dict[str, Task], run: TaskRun) -> TaskRun | None:
    """The task run in whose folder a task run works, if any."""
    parent = execution.task_runs.get(run.parent_id or "")
    return parent if parent and isinstance(tasks.get(parent.task_id), FolderTask) else None


def is_prepared(folder: Path) -> bool:
    """Whether the folder has been filled; one that was begun and not ended is emptied."""
    if (folder / _PREPARED).exists():
        return True
    shutil.rmtree(folder, ignore_errors=True)
    return False


def set_prepared(folder: Path) -> None:
    """The folder has been filled."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _PREPARED).touch()


def open_folders(executions: Iterable[tuple[Execution, dict[str, Task]]]) -> set[str]:
    """Names of folders that executions still work in."""
    return {
        shared_folder(Path(), run.id).name
        for execution, tasks in executions
        for run in execution.task_runs.values()
        if not run.state.is_terminated and isinstance(tasks.get(run.task_id), FolderTask)
    }


def clear(root: Path, kept: set[str]) -> None:
    """Removes all folders but those: what is left there is of attempts that died."""
    for each in root.iterdir() if root.is_dir() else ():
        if each.name not in kept:
            shutil.rmtree(each, ignore_errors=True)


def remove_ended(
    root: Path, execution: Execution, tasks: dict[str, Task], changed: Iterable[str]
) -> None:
    """Removes the folders of flowables that have ended in a step."""
    for run_id in changed:
        run = execution.task_runs[run_id]
        if run.state.is_terminated and isinstance(tasks.get(run.task_id), FolderTask):
            shutil.rmtree(shared_folder(root, run_id), ignore_errors=True)
