"""The flows that a command runs without a server, read from files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.cli import file
from penstock.errors import InvalidObject
from penstock.model.problem import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Container

    from penstock.language.parse import Parsed
    from penstock.model.flow import Flow
    from penstock.service.spec import NamespaceSpec
    from penstock.service.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class FlowFile:
    """A flow that holds, and the text that it was read from."""

    path: Path
    source: str
    flow: Flow
    parsed: Parsed

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and id."""
        return self.flow.namespace, self.flow.id

    def problem(self, path: str, problem: Problem) -> Problem:
        """The problem, at the place of a path such as ``tasks[0].flowId`` in this file."""
        line, column = self.parsed.place(path) or (1, 1)
        return replace(problem, path=path, file=str(self.path), line=line, column=column)


@dataclass(slots=True)
class FlowFiles:
    """The flow to run, the flows that it may call, and what namespaces say."""

    main: FlowFile
    others: dict[tuple[str, str], FlowFile] = field(default_factory=dict)
    namespaces: dict[str, NamespaceSpec] = field(default_factory=dict)

    @property
    def all(self) -> list[FlowFile]:
        """Every flow."""
        return [self.main, *self.others.values()]

    def missing(self, secrets: Container[str]) -> Iterator[Problem]:
        """Warnings: what the flow, and those that it calls, refer to and nobody gives."""
        from penstock.language.references import references  # noqa: PLC0415 - `--help` needs none

        pending, seen = [self.main], {self.main.key}
        while pending:
            caller = pending.pop(0)
            found = references(caller.flow)
            for call in found.subflows:
                key = (call.namespace, call.id)
                if key not in seen and key in self.others:
                    pending.append(self.others[key])
                elif key not in seen:
                    yield caller.problem(call.path, _no_flow(call.namespace, call.id))
                seen.add(key)
            for secret in found.secrets:
                if secret.key not in secrets:
                    yield caller.problem(secret.path, _no_secret(secret.key))


def read(main: Path, others: Sequence[Path]) -> FlowFiles:
    """The flow of `main`, and the flows and namespaces in `others`: files, or folders with all
    below them. What else is there, schedules for example, is left alone.

    Raises `InvalidObject` with every problem of every file, and `NotFound`.
    """
    problems: list[Problem] = []
    text = file.text_of(file.find([main])[0])
    objects = [
        each
        for path in file.find(others)
        if path.resolve() != main.resolve()
        and (each := _object(path, problems, is_named=path in others)) is not None
    ]
    namespaces = {
        each.namespace: namespace
        for each in objects
        if each.kind == "namespace" and (namespace := namespace_in(each, problems)) is not None
    }
    around = surroundings(namespaces)
    first = _flow(main, text, problems, around)
    flows: dict[tuple[str, str], FlowFile] = {} if first is None else {first.key: first}
    for each in objects:
        if each.kind == "flow" and isinstance(each.spec.get("source"), str):
            found = _flow(each.path, each.spec["source"], problems, around)
            if found is not None and flows.setdefault(found.key, found) is not found:
                problems.append(_twice(found, flows[found.key]))
    if first is None or problems:
        wrong = sorted({problem.file or "" for problem in problems})
        do = "does not hold" if len(wrong) == 1 else "do not hold"
        raise InvalidObject(f"{', '.join(wrong)} {do}.", problems=problems)
    del flows[first.key]
    return FlowFiles(first, flows, namespaces)


def surroundings(namespaces: Mapping[str, NamespaceSpec]) -> Surroundings:
    """The plugin defaults that namespaces in files give to flows in files."""
    from penstock.service.surroundings import Surroundings, stored  # noqa: PLC0415 - as above

    return Surroundings(
        {
            name: stored(spec.plugin_defaults)
            for name, spec in namespaces.items()
            if spec.plugin_defaults
        }
    )


def namespace_in(found: file.ObjectFile, problems: list[Problem]) -> NamespaceSpec | None:
    """The namespace of a file, or None with its problems added."""
    from penstock.service.spec import NamespaceSpec, read  # noqa: PLC0415 - as above

    spec, wrong = read(NamespaceSpec, found.spec)
    problems += [replace(problem, file=str(found.path), line=1, column=1) for problem in wrong]
    return spec


def _object(path: Path, problems: list[Problem], *, is_named: bool) -> file.ObjectFile | None:
    try:
        return file.read([path])[0]
    except InvalidObject as error:
        # A folder may hold YAML that is not ours.
        if is_named or any(problem.code != "no-object" for problem in error.problems):
            problems += error.problems
        return None


def _flow(
    path: Path, source: str, problems: list[Problem], around: Surroundings
) -> FlowFile | None:
    from penstock import registry  # noqa: PLC0415 - `--help` needs no language
    from penstock.language.parse import namespace_of, parse  # noqa: PLC0415 - as above

    inherited = around.of(namespace_of(source) or "")
    # pyrefly: ignore[bad-argument-type] - cached functions
    parsed = parse(source, registry, inherited)
    if parsed.flow is None:
        problems += [
            replace(problem, file=str(path)) for problem in parsed.problems if problem.is_error
        ]
        return None
    return FlowFile(path, source, parsed.flow, parsed)


def _twice(found: FlowFile, first: FlowFile) -> Problem:
    namespace, id_ = found.key
    return found.problem(
        "id",
        Problem(
            f"The flow {namespace}/{id_} is in {first.path} too.",
            code="duplicate",
            hint="Leave one of them out.",
        ),
    )


def _no_flow(namespace: str, id_: str) -> Problem:
    return Problem(
        f"The flow {namespace}/{id_} is in none of the files.",
        code="unknown-flow",
        hint="Name its file, or a folder above it, with --with.",
        severity=Severity.WARNING,
    )


def _no_secret(key: str) -> Problem:
    return Problem(
        f"The secret `{key}` is not given.",
        code="unknown-secret",
        hint=f"Set PENSTOCK_SECRET_{key} in the environment, or use --secret {key}=….",
        severity=Severity.WARNING,
    )
