"""Files of namespaces that a task gets into its working directory."""

from __future__ import annotations

import fnmatch
import shutil
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Frozen
from penstock.model.task import LogLevel
from penstock.sdk.context import RunContext
from penstock.sdk.task import TaskFailed


class IfExists(StrEnum):
    """What to do where a file is already."""

    OVERWRITE = "OVERWRITE"
    FAIL = "FAIL"
    WARN = "WARN"
    IGNORE = "IGNORE"


class NamespaceFilesOption(Frozen):
    """Which files of namespaces are copied into the working directory before the task runs."""

    enabled: Annotated[Dynamic[bool], Field(description="Whether any are copied.")] = True
    include: Annotated[
        Dynamic[tuple[str, ...]], Field(description="Globs of paths to copy; all by default.")
    ] = ()
    exclude: Annotated[Dynamic[tuple[str, ...]], Field(description="Globs of paths to leave.")] = ()
    namespaces: Annotated[
        Dynamic[tuple[str, ...]],
        Field(description="Whose files, the later over the earlier; the flow's by default."),
    ] = ()
    if_exists: Annotated[
        IfExists,
        Field(description="What to do where there is such a file: WARN and IGNORE leave it."),
    ] = IfExists.OVERWRITE
    folder_per_namespace: Annotated[
        Dynamic[bool], Field(description="Whether each namespace's files go into its own folder.")
    ] = False


def copy_namespace_files(context: RunContext, option: NamespaceFilesOption | None) -> None:
    """Copies what the option names. Raises `TaskFailed` where a file is in the way."""
    if option is None or not option.enabled:
        return
    root = context.working_directory
    for namespace in option.namespaces or (context.namespace,):
        folder = root / namespace if option.folder_per_namespace else root
        for path in context.namespace_files.paths(namespace):
            if _is_wanted(path, option) and _may_write(context, folder / path, path, option):
                _copy(context, path, namespace, folder / path)


def matches(path: str, pattern: str) -> bool:
    """Whether a glob names a path: ``*`` crosses folders, and a folder names what is in it."""
    wanted = pattern.lstrip("/")
    return (
        fnmatch.fnmatchcase(path, wanted)
        or path.startswith(f"{wanted.rstrip('/')}/")
        or (wanted.startswith("**/") and fnmatch.fnmatchcase(path, wanted.removeprefix("**/")))
    )


def _is_wanted(path: str, option: NamespaceFilesOption) -> bool:
    included = not option.include or any(matches(path, each) for each in option.include)
    return included and not any(matches(path, each) for each in option.exclude)


def _may_write(context: RunContext, target: Path, path: str, option: NamespaceFilesOption) -> bool:
    if option.if_exists is IfExists.OVERWRITE or not target.exists():
        return True
    if option.if_exists is IfExists.FAIL:
        raise TaskFailed(f"namespaceFiles: '{path}' is in the working directory already.")
    if option.if_exists is IfExists.WARN:
        context.log(f"namespaceFiles: '{path}' is there already and is left.", LogLevel.WARN)
    return False


def _copy(context: RunContext, path: str, namespace: str, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with context.namespace_files.open(path, namespace) as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy, 1024 * 1024)
    except OSError as error:
        raise TaskFailed(f"namespaceFiles: '{path}' cannot be written: {error}.") from None
