"""core.flow.WorkingDirectory."""

from __future__ import annotations

import tarfile
from datetime import timedelta
from typing import Annotated

from pydantic import Field, field_validator

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Frozen, Json
from penstock.model.task import Task
from penstock.plugins.scripts.files import files_of, keep_outputs, write_inputs
from penstock.plugins.scripts.namespace_files import NamespaceFilesOption, copy_namespace_files
from penstock.sdk.context import RunContext
from penstock.sdk.flowable import Branch, Children, FolderTask, Render
from penstock.sdk.task import Outputs, RunnableTask

_ARCHIVE = ".penstock-cache.tar.gz"


class CacheOption(Frozen):
    """Files that a later execution of the flow finds again."""

    patterns: Annotated[
        Dynamic[tuple[str, ...]], Field(description="Globs of files and folders to keep.")
    ]
    ttl: Annotated[
        Dynamic[timedelta | None],
        Field(description="How long they are good for, such as P1D; always if left out."),
    ] = None


class WorkingDirectory(FolderTask):
    """Runs tasks one after another in one folder, so that each finds what those before it wrote.

    Outputs: `outputFiles`, name → URI of the files that match, as the last task left them.

    Example:
        id: clone_and_count
        namespace: company.team
        tasks:
          - id: work
            type: core.flow.WorkingDirectory
            inputFiles:
              names.txt: |
                Ada
                Grace
            outputFiles:
              - count.txt
            tasks:
              - id: count
                type: scripts.shell.Commands
                commands:
                  - wc -l < names.txt > count.txt
              - id: show
                type: scripts.shell.Commands
                commands:
                  - cat count.txt
          - id: use
            type: core.log.Log
            message: "{{ read(outputs.work.outputFiles['count.txt']) }}"
    """

    tasks: Annotated[
        Children, Field(description="Run in this order, in one folder; no flowable among them.")
    ]
    input_files: Annotated[
        Dynamic[dict[str, Json] | str | None],
        Field(description="Files to write before: name → content or URI, or JSON text of such."),
    ] = None
    output_files: Annotated[
        Dynamic[tuple[str, ...]], Field(description="Globs of files to keep.")
    ] = ()
    namespace_files: Annotated[
        NamespaceFilesOption | None, Field(description="Files of namespaces to copy before.")
    ] = None
    cache: Annotated[
        CacheOption | None, Field(description="Files that the next execution finds again.")
    ] = None

    @field_validator("tasks")
    @classmethod
    def _are_runnable(cls, tasks: tuple[Task, ...]) -> tuple[Task, ...]:
        if not tasks:
            raise ValueError("The 'tasks' property cannot be empty")
        if not all(isinstance(task, RunnableTask) for task in tasks):
            raise ValueError(
                "Only runnable tasks are allowed as children of a WorkingDirectory task"
            )
        return tasks

    def begin(self, render: Render) -> Branch:
        """All of `tasks`, in order."""
        del render
        return Branch()

    def prepare(self, context: RunContext) -> None:
        """Fills the folder."""
        if self.cache is not None:
            self._restore(context, self.cache)
        copy_namespace_files(context, self.namespace_files)
        write_inputs(context, self.input_files)

    def collect(self, context: RunContext) -> Outputs:
        """Keeps what is to be kept."""
        if self.cache is not None:
            self._save(context, self.cache)
        if not self.output_files:
            return {}
        return {"outputFiles": keep_outputs(context, self.output_files, tells=False)}

    def _restore(self, context: RunContext, cache: CacheOption) -> None:
        since = None if cache.ttl is None else context.now() - cache.ttl
        found = context.files.cached(self.id, since)
        if found is None:
            return
        with found, tarfile.open(fileobj=found, mode="r|gz") as archive:
            archive.extractall(context.working_directory, filter="data")

    def _save(self, context: RunContext, cache: CacheOption) -> None:
        root = context.working_directory
        target = root / _ARCHIVE
        with tarfile.open(target, "w:gz") as archive:
            for path in sorted({each for glob in cache.patterns for each in files_of(root, glob)}):
                archive.add(path, path.relative_to(root).as_posix(), recursive=False)
        context.files.cache(self.id, target)
        target.unlink()
