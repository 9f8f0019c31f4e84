"""`core.namespace.UploadFiles`: writes files of a namespace."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import orjson
from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Json
from penstock.plugins.scripts.namespace_files import matches
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs, RunnableTask, TaskFailed


class ConflictAction(StrEnum):
    """What to do where the namespace has the file already."""

    OVERWRITE = "OVERWRITE"
    ERROR = "ERROR"
    SKIP = "SKIP"


class UploadFiles(RunnableTask):
    """Writes files to a namespace, each as a new revision unless it has this content already.

    Outputs: `files`, path → the URI of its content.

    Example:
        id: publish_a_query
        namespace: company.team
        tasks:
          - id: make
            type: core.storage.Write
            content: SELECT 1
          - id: upload
            type: core.namespace.UploadFiles
            namespace: "{{ flow.namespace }}"
            filesMap:
              sql/one.sql: "{{ outputs.make.uri }}"
          - id: show
            type: core.log.Log
            message: "{{ read('sql/one.sql') }}"
    """

    namespace: Annotated[Dynamic[str], Field(description="Whose files.")]
    files: Annotated[
        Dynamic[tuple[str, ...]],
        Field(description="Globs of files in the working directory that tasks share."),
    ] = ()
    files_map: Annotated[
        Dynamic[dict[str, Json] | str | None],
        Field(description="Path → URI of a stored file; or JSON text of such a map."),
    ] = None
    destination: Annotated[Dynamic[str], Field(description="Folder that the files go to.")] = "/"
    conflict: Annotated[
        ConflictAction, Field(description="What to do where there is such a file already.")
    ] = ConflictAction.OVERWRITE

    def run(self, context: RunContext) -> Outputs:
        """Writes one after the other."""
        there = set(context.namespace_files.paths(self.namespace))
        folder = self.destination.strip("/")
        written: dict[str, Json] = {}
        for name, source in self._sources(context):
            path = f"{folder}/{name}" if folder else name
            if path in there and self.conflict is ConflictAction.ERROR:
                raise TaskFailed(f"'{path}' is in the namespace '{self.namespace}' already.")
            if path not in there or self.conflict is ConflictAction.OVERWRITE:
                context.namespace_files.write(path, source, self.namespace)
            written[path] = context.namespace_files.uri(path, self.namespace)
        return {"files": written}

    def _sources(self, context: RunContext) -> list[tuple[str, Path]]:
        root = context.working_directory
        # Taken before anything is fetched, which lands in the same folder.
        found = [
            (path.relative_to(root).as_posix(), path)
            for path in sorted(root.rglob("*"))
            if path.is_file() and not path.is_symlink()
        ]
        chosen = [each for each in found if any(matches(each[0], glob) for glob in self.files)]
        if self.files and not chosen:
            raise TaskFailed(f"`files`: no file matches {', '.join(self.files)}.")
        fetched = root / ".penstock-upload"
        for number, (name, uri) in enumerate(self._map().items()):
            fetched.mkdir(exist_ok=True)
            chosen.append((name.strip("/"), context.fetch_file(str(uri), fetched / str(number))))
        return chosen

    def _map(self) -> dict[str, Json]:
        if not isinstance(self.files_map, str):
            return self.files_map or {}
        try:
            found = orjson.loads(self.files_map)
        except orjson.JSONDecodeError:
            found = None
        if not isinstance(found, dict):
            raise TaskFailed("`filesMap` must be a map of path to URI, or JSON text of one.")
        return found
