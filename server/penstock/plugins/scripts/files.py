"""Files that go into a task's working directory and come out of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from penstock.model.frozen import Json
from penstock.model.task import LogLevel
from penstock.sdk.context import RunContext
from penstock.sdk.task import TaskFailed

_URIS = ("penstock://", "kestra://", "file://", "nsfile://")


def write_inputs(context: RunContext, files: Mapping[str, Json] | str | None) -> None:
    """Writes `inputFiles`: what a URI names is fetched, other text is the content itself."""
    for name, value in _as_map(files).items():
        target = _inside(context.working_directory, name)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _write(context, value, target)
        except OSError as error:
            raise TaskFailed(f"inputFiles['{name}'] cannot be written: {error}.") from None


def _write(context: RunContext, value: Json, target: Path) -> None:
    if isinstance(value, str) and value.startswith(_URIS) and "\n" not in value.strip():
        context.fetch_file(value.strip(), target)
        return
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
    target.write_text(text, encoding="utf-8")


def keep_outputs(
    context: RunContext,
    patterns: Iterable[str],
    *,
    ours: frozenset[str] = frozenset(),
    root: Path | None = None,
    tells: bool = True,
) -> dict[str, Json]:
    """Stores the files that match `outputFiles`; gives relative name → URI, sorted by name.

    `ours` are files and folders at the top that the task itself made: no outputs of the script.
    `root` is the working directory by default. `tells`: whether a pattern without a file is told.
    """
    root = (root or context.working_directory).resolve()
    found: dict[str, Path] = {}
    for pattern in patterns:
        matches = files_of(root, pattern)
        for path in matches:
            name = path.relative_to(root).as_posix()
            if name.split("/")[0] in ours:
                continue
            if not path.resolve().is_relative_to(root):
                context.log(f"{name} leads out of the working directory: left.", LogLevel.WARN)
                continue
            found[name] = path
        if not matches and tells:
            context.log(f"outputFiles: no file matches '{pattern}'.", LogLevel.WARN)
    return {name: context.store_file(found[name], name) for name in sorted(found)}


def files_of(root: Path, pattern: str) -> list[Path]:
    """The files in a folder that a glob names; one of a folder names what is in it."""
    _inside(root, pattern)
    # Where a pattern ends in `**`, the library finds folders and people mean files.
    is_folder = not pattern.endswith("**") and (root / pattern).is_dir()
    wanted = f"{pattern}/**/*" if is_folder else pattern
    wanted = f"{pattern}/*" if pattern.endswith("**") else wanted
    try:
        return [path for path in root.glob(wanted) if path.is_file()]
    except ValueError as error:
        raise TaskFailed(f"outputFiles: '{pattern}' is no pattern: {error}.") from None


def _as_map(files: Mapping[str, Json] | str | None) -> Mapping[str, Json]:
    if not isinstance(files, str):
        return files or {}
    try:
        parsed = json.loads(files)
    except json.JSONDecodeError:
        parsed = None
    if not isinstance(parsed, dict):
        raise TaskFailed("inputFiles must be a map of file name to content, or JSON text of one.")
    return parsed


def _inside(root: Path, name: str) -> Path:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        raise TaskFailed(f"'{name}' is not a path inside the working directory.")
    return root / path
