"""Declared objects in local files.

A file is a flow's YAML text, or a document with ``kind``, ``namespace``, ``id`` and ``spec``
for the other kinds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock.errors import InvalidObject, NotFound
from penstock.model.problem import Problem

if TYPE_CHECKING:
    from penstock.model.frozen import Json

_ENDINGS = (".yaml", ".yml")
_KINDS = ("namespace", "secret", "kv", "file", "schedule", "flow", "test")


@dataclass(frozen=True, slots=True)
class ObjectFile:
    """One object and the file that it stands in."""

    path: Path
    kind: str
    namespace: str
    id: str | None
    spec: dict[str, Any]  # a JSON object

    @property
    def ref(self) -> str:
        """How the API names it."""
        return "/".join(part for part in (self.kind, self.namespace, self.id) if part)

    def to_json(self) -> dict[str, Json]:
        """The member of a set."""
        return {
            "kind": self.kind,
            "namespace": self.namespace,
            "id": self.id,
            "spec": self.spec,
        }


def find(paths: Sequence[Path]) -> list[Path]:
    """YAML files: those named, and all below the folders named, in order."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(
                each for each in path.rglob("*") if each.suffix in _ENDINGS and each.is_file()
            )
        elif path.exists():
            found.append(path)
        else:
            raise NotFound(f"There is no file {path}.")
    return found


def read(paths: Sequence[Path]) -> list[ObjectFile]:
    """The objects in files. Raises `InvalidObject` with every file that holds none."""
    objects: list[ObjectFile] = []
    problems: list[Problem] = []
    for path in find(paths):
        try:
            objects.append(_object(path, text_of(path)))
        except InvalidObject as error:
            problems += error.problems
    if problems:
        raise InvalidObject(problems[0].message, problems=problems)
    return objects


def text_of(path: Path) -> str:
    """The file's text. Raises `InvalidObject` when it is not UTF-8."""
    data = path.read_bytes()
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _invalid(
            Problem(
                f"This is not UTF-8 (byte {error.start}).",
                line=line,
                column=1,
                code="invalid-encoding",
                hint="Save the file as UTF-8.",
                file=str(path),
            )
        ) from None


def value_of(path: Path) -> Json:
    """The YAML value of a file. Raises `InvalidObject` when it is none."""
    from penstock.language.yaml import read as read_yaml  # noqa: PLC0415 - `--help` needs no YAML

    document = read_yaml(text_of(path))
    if document.problems:
        raise InvalidObject(
            document.problems[0].message,
            problems=[replace(problem, file=str(path)) for problem in document.problems],
        )
    return None if document.root is None else document.root.value


def placed(problems: Iterable[Problem], objects: Sequence[ObjectFile]) -> list[Problem]:
    """The server's problems, with the local files that they are about."""
    files = {each.ref: str(each.path) for each in objects}
    return [
        replace(problem, file=files.get(problem.object or "", problem.file)) for problem in problems
    ]


def _object(path: Path, text: str) -> ObjectFile:
    from penstock.language.yaml import read as read_yaml  # noqa: PLC0415 - `--help` needs no YAML

    document = read_yaml(text)
    if document.problems:
        raise InvalidObject(
            document.problems[0].message,
            problems=[replace(problem, file=str(path)) for problem in document.problems],
        )
    import yaml  # noqa: PLC0415 - as above

    value = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    if not isinstance(value, dict):
        raise _invalid(_no_object(path))
    if value.get("kind") in _KINDS and isinstance(value.get("spec"), dict):
        namespace, name = value.get("namespace"), value.get("id")
        if isinstance(namespace, str) and (name is None or isinstance(name, str)):
            return ObjectFile(path, str(value["kind"]), namespace, name, value["spec"])
        raise _invalid(_no_object(path))
    namespace, name = value.get("namespace"), value.get("id")
    if not isinstance(namespace, str) or not isinstance(name, str):
        raise _invalid(_no_object(path))
    is_test = "flowId" in value and ("cases" in value or "testCases" in value)
    return ObjectFile(path, "test" if is_test else "flow", namespace, name, {"source": text})


def _no_object(path: Path) -> Problem:
    return Problem(
        "There is neither a flow nor another object in this file.",
        line=1,
        column=1,
        code="no-object",
        hint="A flow has `id`, `namespace` and `tasks`; other objects have `kind`, `namespace`, "
        "`id` and `spec`.",
        file=str(path),
    )


def _invalid(problem: Problem) -> InvalidObject:
    return InvalidObject(problem.message, problems=[problem])


def pairs(given: Iterable[str], option: str) -> Iterator[tuple[str, str]]:
    """``key=value`` options. Raises `InvalidObject`."""
    for each in given:
        key, separator, value = each.partition("=")
        if not separator or not key:
            raise InvalidObject(f"`{option} {each}` is not of the form key=value.")
        yield key, value
