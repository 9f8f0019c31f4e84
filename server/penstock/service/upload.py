"""Files that come with a new execution: kept before it is accepted, removed if it is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from penstock.language.input_order import entries
from penstock.language.inputs import put
from penstock.model.flow import Flow
from penstock.model.frozen import Json
from penstock.model.input import Unfit
from penstock.model.input.file import FileInput
from penstock.model.problem import Problem
from penstock.service.inputs import refused
from penstock.storage.base import InvalidUri, Storage, execution_folder, input_file

_MOST_TEXT = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A file for an input: the name that the caller gives it, and where it waits."""

    input_id: str
    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Folder:
    """Where the files of an execution's inputs are kept."""

    storage: Storage
    tenant: str
    execution_id: str

    def keep(self, flow: Flow, uploads: Sequence[Upload]) -> dict[str, Json]:
        """Stores files for FILE inputs; the inputs that they are, other types by their text.

        Raises `InvalidInputs`, and has then kept nothing.
        """
        declared = {entry.id: entry.declared for entry in entries(flow.inputs)}
        given: dict[str, Json] = {}
        problems: list[Problem] = []
        for upload in uploads:
            try:
                if isinstance(kind := declared.get(upload.input_id), FileInput):
                    kind.check_name(upload.name)
                    put(given, upload.input_id, self._uri(flow, upload))
                elif kind is not None:
                    put(given, upload.input_id, _text_of(upload))
            except (Unfit, InvalidUri) as error:
                message = f"Invalid value for input `{upload.input_id}`. Cause: {error}"
                path = f"inputs.{upload.input_id}"
                problems.append(Problem(message, path=path, code="invalid-input"))
        if problems:
            raise refused(flow, problems)
        for upload in uploads:
            if isinstance(declared.get(upload.input_id), FileInput):
                self.storage.put(self.tenant, self._uri(flow, upload), upload.path)
        return given

    def remove(self, flow: Flow) -> None:
        """Removes what was kept."""
        uri = execution_folder(flow.namespace, flow.id, self.execution_id)
        self.storage.delete_below(self.tenant, uri)

    def _uri(self, flow: Flow, upload: Upload) -> str:
        name = PurePosixPath(upload.name.replace("\\", "/")).name or "file"
        return input_file(
            flow.namespace, flow.id, self.execution_id, input_id=upload.input_id, name=name
        )


def _text_of(upload: Upload) -> str:
    if upload.path.stat().st_size > _MOST_TEXT:
        raise Unfit("the file is too large to be a value; only FILE inputs take large ones")
    try:
        return upload.path.read_text("utf-8")
    except UnicodeDecodeError:
        raise Unfit("the file is not UTF-8; only FILE inputs take other content") from None


def merged(given: dict[str, Json], files: dict[str, Json]) -> dict[str, Json]:
    """Inputs with those that came as files over them."""
    made = {**given}
    for name, value in files.items():
        below = made.get(name)
        if isinstance(below, dict) and isinstance(value, dict):
            made[name] = merged(below, value)
        else:
            made[name] = value
    return made
