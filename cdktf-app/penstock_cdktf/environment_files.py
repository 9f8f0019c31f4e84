"""Files of namespaces that an environment has of its own, below `environments/<name>/files`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from penstock_cdktf.environment import NAMESPACE
from penstock_cdktf.errors import InvalidFileError, Position, Problem
from penstock_cdktf.sources import sha256

_MARKERS = frozenset({".gitkeep", ".gitignore", ".gitattributes"})
MOST_BYTES = 10 * 1024 * 1024
"""The server takes no larger file into a namespace."""


@dataclass(frozen=True, slots=True)
class EnvironmentFile:
    """A file of a namespace: its path there, and its exact bytes."""

    namespace: str
    path: str
    data: bytes
    sha256: str

    @property
    def is_text(self) -> bool:
        """Whether Terraform can hold it as a text."""
        try:
            return "\0" not in self.data.decode()
        except UnicodeDecodeError:
            return False


def read_files(root: Path, environment: str) -> tuple[EnvironmentFile, ...]:
    """Reads `environments/<environment>/files/<namespace>/<path>`, as the settings beside it are.

    Raises:
        InvalidFileError: a folder there is no namespace, or a file is too large.
    """
    base = root / "environments" / environment / "files"
    found: list[EnvironmentFile] = []
    problems: list[Problem] = []
    for file in sorted(base.rglob("*")):
        if file.is_dir() or file.name in _MARKERS:
            continue
        namespace, _, path = file.relative_to(base).as_posix().partition("/")
        at = Position(file.relative_to(root).as_posix(), 1, 1)
        data = file.read_bytes()
        if not path or not re.fullmatch(NAMESPACE, namespace):
            what = f"`{namespace}` is no namespace" if path else "It is in no namespace's folder"
            hint = f"Files lie at environments/{environment}/files/<namespace>/<path>."
            problems.append(Problem(at, f"{what}.", hint))
        elif len(data) > MOST_BYTES:
            message = f"It has {len(data)} bytes; a file of a namespace has at most {MOST_BYTES}."
            problems.append(Problem(at, message, "Put data where executions read it."))
        else:
            found.append(EnvironmentFile(namespace, path, data, sha256(data)))
    if problems:
        raise InvalidFileError(problems)
    return tuple(found)
