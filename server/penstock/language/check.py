"""The offline check of flow files and folders, behind `penstock validate`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from penstock.language.catalog import Catalog
from penstock.language.defaults import NOTHING, Inherited
from penstock.language.parse import Parsed, namespace_of, parse, too_large
from penstock.language.references import references
from penstock.language.shape import nearest_name
from penstock.model.frozen import Json
from penstock.model.problem import Problem, Severity

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: the problems, and the texts by file for excerpts."""

    problems: tuple[Problem, ...]
    sources: Mapping[str, str]

    @property
    def ok(self) -> bool:
        """Whether there is no error; warnings do not count."""
        return not any(problem.is_error for problem in self.problems)

    def to_json(self) -> list[dict[str, Json]]:
        """`{file, path, line, column, severity, code, message, hint}` of each problem."""
        keys = ("file", "path", "line", "column", "severity", "code", "message", "hint")
        return [
            {key: value[key] for key in keys}
            for value in (problem.to_json() for problem in self.problems)
        ]


def check_files(
    paths: Sequence[Path],
    catalog: Catalog,
    around: Callable[[str], Inherited] = lambda namespace: NOTHING,  # noqa: ARG005 - what others use
) -> Checked:
    """Checks each file, and each YAML file at any depth of each folder, in order of their names.

    Beyond each text by itself: no flow twice, and a warning for a subflow that is not among the
    flows of a folder which holds its namespace. `around` gives the plugin defaults that the
    flows of a namespace inherit.
    """
    sources: dict[str, str] = {}
    problems: list[Problem] = []
    for file in _files(paths, problems):
        source = _read(file, problems)
        if source is not None:
            sources[str(file)] = source
    parsed = {
        file: parse(source, catalog, around(namespace_of(source) or ""))
        for file, source in sources.items()
    }
    for file, one in parsed.items():
        problems.extend(replace(problem, file=file) for problem in one.problems)
    problems.extend(_twice(parsed))
    problems.extend(_subflows(parsed))
    order = {file: index for index, file in enumerate(sources)}
    problems.sort(
        key=lambda found: (order.get(found.file or "", -1), found.line or 0, found.column or 0)
    )
    return Checked(tuple(problems), sources)


def _files(paths: Sequence[Path], problems: list[Problem]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            found = sorted(
                file for file in path.rglob("*") if file.suffix in SUFFIXES and file.is_file()
            )
            if not found:
                problems.append(
                    Problem(
                        "There is no flow file in this folder.",
                        code="no-files",
                        hint="Flow files end in `.yaml` or `.yml`.",
                        file=str(path),
                    )
                )
            yield from found
        elif path.exists():
            yield path
        else:
            problems.append(
                Problem(
                    "There is no such file.",
                    code="file-not-found",
                    hint="Give the path of a flow file or of a folder with flow files.",
                    file=str(path),
                )
            )


def _read(file: Path, problems: list[Problem]) -> str | None:
    try:
        data = file.read_bytes()
    except OSError as error:
        reason = error.strerror or "unknown reason"
        problems.append(
            Problem(f"The file cannot be read: {reason}.", code="unreadable-file", file=str(file))
        )
        return None
    excess = too_large(len(data))
    if excess is not None:
        problems.append(replace(excess, file=str(file)))
        return None
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line_start = before.rfind(b"\n") + 1
        problems.append(
            Problem(
                "The file is not UTF-8 from here on.",
                line=before.count(b"\n") + 1,
                column=len(before[line_start:].decode(errors="replace")) + 1,
                code="encoding",
                hint="Save it as UTF-8.",
                file=str(file),
            )
        )
        return None


def _twice(parsed: Mapping[str, Parsed]) -> Iterator[Problem]:
    first: dict[tuple[str, str], str] = {}
    for file, one in parsed.items():
        if one.identity is None:
            continue
        other = first.setdefault(one.identity, file)
        if other != file:
            line, column = one.place("id") or (None, None)
            yield Problem(
                f"The flow `{'.'.join(one.identity)}` is also in {other}.",
                path="id",
                line=line,
                column=column,
                code="duplicate-flow",
                hint="Give one of them another id, or remove it.",
                file=file,
            )


def _subflows(parsed: Mapping[str, Parsed]) -> Iterator[Problem]:
    known = {one.identity for one in parsed.values() if one.identity is not None}
    namespaces = {namespace for namespace, _ in known}
    for file, one in parsed.items():
        # A file that is checked alone cannot say what is beside it.
        if one.flow is None or len(parsed) == 1:
            continue
        for namespace, flow_id, path in references(one.flow).subflows:
            if namespace not in namespaces or (namespace, flow_id) in known:
                continue
            near = nearest_name(flow_id, [id_ for other, id_ in known if other == namespace])
            line, column = one.place(path) or (None, None)
            yield Problem(
                f"The flow `{namespace}.{flow_id}` is not among the checked files.",
                path=path,
                line=line,
                column=column,
                code="unknown-subflow",
                hint=f"Did you mean `{near}`?" if near else "It must be on the server already.",
                severity=Severity.WARNING,
                file=file,
            )
