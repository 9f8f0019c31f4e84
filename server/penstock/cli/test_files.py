"""Tests of flows in files, with the flows and namespaces that lie beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.cli import file
from penstock.errors import InvalidObject
from penstock.model.problem import Problem

if TYPE_CHECKING:
    from penstock.language.flow_test import ParsedSuite
    from penstock.language.parse import Parsed
    from penstock.runtime.flow_test import Material
    from penstock.service.spec import NamespaceSpec

Key = tuple[str, str]
_FOLDER = "tests"
_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class SuiteFile:
    """A test file as read."""

    path: Path
    parsed: ParsedSuite

    def problems(self, found: Iterable[Problem]) -> list[Problem]:
        """Problems, said of this file."""
        return [replace(each, file=str(self.path)) for each in found]


@dataclass(slots=True)
class Surroundings:
    """Flow texts and namespaces in some folders; a broken flow matters to those who test it."""

    flows: dict[Key, tuple[Path, str]] = field(default_factory=dict)
    namespaces: dict[str, NamespaceSpec] = field(default_factory=dict)
    _seen: set[Path] = field(default_factory=set)
    _parsed: dict[Key, Parsed] = field(default_factory=dict)

    def look(self, paths: Sequence[Path]) -> None:
        """Takes in what is in files and folders."""
        for path in file.find([each for each in paths if each.exists()]):
            resolved = path.resolve()
            if resolved in self._seen or _is_deep_in_environment(path):
                continue
            self._seen.add(resolved)
            self._take(path)

    def parsed(self, key: Key) -> Parsed:
        """A flow's text as read, once."""
        from penstock import registry  # noqa: PLC0415 - `--help` needs no language
        from penstock.language.parse import parse  # noqa: PLC0415 - as above

        if key not in self._parsed:
            # pyrefly: ignore[bad-argument-type] - cached functions
            self._parsed[key] = parse(self.flows[key][1], registry)
        return self._parsed[key]

    def _take(self, path: Path) -> None:
        from penstock.service.spec import NamespaceSpec, read  # noqa: PLC0415 - `--help` needs none

        try:
            found = file.read([path])[0]
        except InvalidObject:
            return
        if found.kind == "namespace":
            spec, _ = read(NamespaceSpec, found.spec)
            if spec is not None:
                self.namespaces[found.namespace] = spec
        elif found.kind == "flow" and found.id is not None:
            source = found.spec.get("source")
            if isinstance(source, str):
                self.flows.setdefault((found.namespace, found.id), (path, source))


def is_suite(path: Path) -> bool:
    """Whether a file holds tests of a flow; reads no more than that needs."""
    from penstock.language.flow_test import looks_like_a_suite  # noqa: PLC0415 - as above

    try:
        return path.suffix in _ENDINGS and looks_like_a_suite(path.read_text())
    except (OSError, UnicodeDecodeError):
        return False


def suites(paths: Sequence[Path]) -> list[SuiteFile]:
    """The test files among files and below folders, in order."""
    from penstock.language.flow_test import parse_suite  # noqa: PLC0415 - as above

    return [
        SuiteFile(path, parse_suite(file.text_of(path)))
        for path in file.find(paths)
        if not _is_deep_in_environment(path) and is_suite(path)
    ]


def around(suite: Path) -> Path:
    """The folder in which a test file's flows are: the one that holds `tests`, or its own."""
    for parent in suite.resolve().parents:
        if parent.name == _FOLDER:
            return parent.parent
    return suite.resolve().parent


def material(found: SuiteFile, surroundings: Surroundings) -> tuple[Material | None, list[Problem]]:
    """All flows that hold; without the tested one, why there is none."""
    suite = found.parsed.suite
    assert suite is not None
    wanted = (suite.namespace, suite.flow_id)
    if wanted not in surroundings.flows:
        return None, found.problems([_no_flow(found.parsed, surroundings)])
    parsed = surroundings.parsed(wanted)
    if parsed.flow is None:
        path = str(surroundings.flows[wanted][0])
        return None, [replace(each, file=path) for each in parsed.problems if each.is_error]
    return reachable(wanted, surroundings), []


def reachable(first: Key, surroundings: Surroundings) -> Material:
    """A flow with those that it may call, as far as they hold, and all namespaces."""
    from penstock.runtime.flow_test import Material  # noqa: PLC0415 - as above

    flows = {
        key: (flow, surroundings.flows[key][1])
        for key in _reachable(first, surroundings)
        if (flow := surroundings.parsed(key).flow) is not None
    }
    return Material(flows, surroundings.namespaces)


def _reachable(first: Key, surroundings: Surroundings) -> set[Key]:
    """The flows that a flow may call, and those that they may; all when a name is computed."""
    from penstock.language.references import references  # noqa: PLC0415 - as above

    pending, seen = [first], {first}
    while pending:
        flow = surroundings.parsed(pending.pop()).flow
        if flow is None:
            continue
        calls = references(flow).subflows
        if len(calls) < sum(hasattr(task, "flow_id") for task in flow.all_tasks()):
            return {*surroundings.flows}
        for call in calls:
            key = (call.namespace, call.id)
            if key in surroundings.flows and key not in seen:
                seen.add(key)
                pending.append(key)
    return seen


def _no_flow(parsed: ParsedSuite, surroundings: Surroundings) -> Problem:
    import difflib  # noqa: PLC0415 - only for this sentence

    suite = parsed.suite
    assert suite is not None
    name = f"{suite.namespace}/{suite.flow_id}"
    known = ["/".join(key) for key in surroundings.flows]
    close = difflib.get_close_matches(name, known, n=1)
    return parsed.problem(
        f"The flow {name} is in none of the files.",
        ("flowId",),
        code="unknown-flow",
        hint=f"Did you mean {close[0]}?"
        if close
        else "Flows are looked for in the folder above `tests`; name others with --with.",
    )


def _is_deep_in_environment(path: Path) -> bool:
    """Whether a file is of somebody's packages or of a tool."""
    return any(
        part in ("node_modules", "__pycache__") or (part.startswith(".") and part.strip("."))
        for part in path.parts
    )
