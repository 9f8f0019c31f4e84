"""Test files → `Suite`, or problems with line and column."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from penstock.expression import ExpressionError, compile_template
from penstock.language.node import Node, Path, path_text
from penstock.language.yaml import read
from penstock.model.dynamic import contains_expression
from penstock.model.flow import Flow
from penstock.model.flow_test import Suite
from penstock.model.frozen import Json
from penstock.model.problem import Problem

MAX_BYTES = 1024 * 1024
_LOOKS = (
    re.compile(r"^flowId\s*:", re.MULTILINE),
    re.compile(r"^(cases|testCases)\s*:", re.MULTILINE),
)
_IDENTITY = re.compile(r"^(id|namespace):[ \t]+[\"']?([\w.-]+)", re.MULTILINE | re.ASCII)
_NOUNS = {
    "string": "a text",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "dict": "a map",
    "model": "a map",
    "list": "a list",
    "tuple": "a list",
    "datetime": "a time such as 2026-01-31T08:00:00Z",
    "datetime_from_date": "a time such as 2026-01-31T08:00:00Z",
    "time_delta": "a duration such as PT5M",
}


@dataclass(frozen=True, slots=True)
class ParsedSuite:
    """What a test file means, and what is wrong with it."""

    suite: Suite | None
    problems: tuple[Problem, ...]
    identity: tuple[str, str] | None
    _root: Node | None = field(default=None, repr=False, compare=False)

    @property
    def cases(self) -> Path:
        """Where the cases are: both names are read."""
        return (_cases_key(self),)

    def place(self, path: Path) -> tuple[int, int]:
        """Line and column of a part of the text, or of the nearest above it."""
        node = self._root
        if node is None:
            return 1, 1
        for step in path:
            child = node.child(step)
            if child is None:
                break
            node = child
        return node.place

    def problem(self, message: str, path: Path, *, code: str, hint: str | None = None) -> Problem:
        """A problem at a part of the text."""
        line, column = self.place(path)
        return Problem(message, path_text(path), line, column, code=code, hint=hint)


def looks_like_a_suite(text: str) -> bool:
    """Whether a YAML text is meant as tests of a flow: it has `flowId` and `cases`."""
    return all(pattern.search(text) for pattern in _LOOKS)


def parse_suite(source: str) -> ParsedSuite:
    """Reads a test file; never raises for bad text."""
    identity = _identity(source)
    if len(source.encode(errors="surrogatepass")) > MAX_BYTES:
        problem = Problem(f"A test file may have {MAX_BYTES:,} bytes.", code="body-too-large")
        return ParsedSuite(None, (problem,), identity)
    document = read(source)
    root = document.root
    if root is None or document.problems:
        return ParsedSuite(None, document.problems or (_empty(),), identity, root)
    try:
        suite = Suite.model_validate(root.value)
    except ValidationError as error:
        parsed = ParsedSuite(None, (), identity, root)
        details = error.errors(include_url=False, include_input=False)
        problems = _in_order(_problem(parsed, root, detail) for detail in details)
        return ParsedSuite(None, problems, identity, root)
    parsed = ParsedSuite(suite, (), identity, root)
    problems = _in_order((*_doubled(parsed, suite), *_expressions(parsed, root, ())))
    return ParsedSuite(None if problems else suite, problems, identity, root)


def check_suite(parsed: ParsedSuite, flow: Flow) -> list[Problem]:
    """What a suite says of a flow that is not so: tasks, inputs, triggers that are not there."""
    suite = parsed.suite
    if suite is None:
        return []
    checker = _Checker(parsed, flow)
    checker.fixtures(suite.fixtures, ("fixtures",))
    checker.names("task", checker.tasks, suite.real, ("real",))
    (key,) = parsed.cases
    for number, case in enumerate(suite.cases):
        path = (key, number)
        checker.fixtures(case.fixtures, (*path, "fixtures"))
        checker.names("task", checker.tasks, case.real, (*path, "real"))
        checker.names("task", checker.tasks, case.expect.order, (*path, "expect", "order"))
        checker.names("task", checker.tasks, {*case.expect.tasks}, (*path, "expect", "tasks"))
        for index, each in enumerate(case.assertions):
            if each.task_id is not None:
                place = (*path, "assertions", index, "taskId")
                checker.name("task", checker.tasks, each.task_id, place)
    return list(_in_order(checker.problems))


def _cases_key(parsed: ParsedSuite) -> str:
    root = parsed._root  # noqa: SLF001 - of this module
    is_other = root is not None and root.entry("cases") is None and root.entry("testCases")
    return "testCases" if is_other else "cases"


class _Checker:
    def __init__(self, parsed: ParsedSuite, flow: Flow) -> None:
        self.problems: list[Problem] = []
        self._parsed = parsed
        self._flow = flow
        tasks = [*flow.all_tasks()]
        self.tasks = {task.id for task in tasks}
        self._holders = {task.id: task.type for task in tasks if task.task_fields}

    def fixtures(self, fixtures: Any, path: Path) -> None:  # of the suite or a case
        """The names in fixtures."""
        for index, each in enumerate(fixtures.tasks):
            place = (*path, "tasks", index, "id")
            self.name("task", self.tasks, each.id, place)
            if each.id in self._holders:
                self._add(
                    f"The task `{each.id}` ({self._holders[each.id]}) holds other tasks, so "
                    "nothing can stand for it.",
                    place,
                    "Give fixtures to the tasks in it.",
                )
        groups = {each.id.partition(".")[0] for each in self._flow.inputs}
        inputs = {each.id for each in self._flow.inputs} | groups
        self.names("input", inputs, {*fixtures.inputs}, (*path, "inputs"))
        self.names("task", self.tasks, {*fixtures.resume}, (*path, "resume"))
        if fixtures.trigger is not None:
            triggers = {each.id for each in self._flow.triggers}
            self.name("trigger", triggers, fixtures.trigger.id, (*path, "trigger"))

    def names(self, noun: str, known: Collection[str], given: Collection[str], path: Path) -> None:
        """Names in a list or as keys of a map."""
        for index, each in enumerate(given):
            if each != "*":
                step: str | int = index if isinstance(given, tuple) else each
                self.name(noun, known, each, (*path, step))

    def name(self, noun: str, known: Collection[str], given: str, path: Path) -> None:
        """One name."""
        if given in known:
            return
        close = difflib.get_close_matches(given, known, n=1)
        listed = f"It has {', '.join(sorted(known))}." if known else "It has none."
        flow = f"{self._flow.namespace}/{self._flow.id}"
        self._add(
            f"The flow {flow} has no {noun} `{given}`.",
            path,
            f"Did you mean `{close[0]}`?" if close else listed,
        )

    def _add(self, message: str, path: Path, hint: str) -> None:
        found = self._parsed.problem(message, path, code="unknown-name", hint=hint)
        if found not in self.problems:
            self.problems.append(found)


def _in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda each: (each.line or 0, each.column or 0)))


def _problem(parsed: ParsedSuite, root: Node, detail: ErrorDetails) -> Problem:
    path = _path(root, detail["loc"])
    name, kind = _name(path), detail["type"]
    if kind == "missing":
        return parsed.problem(f"`{name}` is missing.", path, code="missing-property")
    if kind == "extra_forbidden":
        known = _keys_at(detail["loc"][:-1])
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean `{close[0]}`?" if close else f"There are {', '.join(known)}."
        node: Node | None = root
        for step in path[:-1]:
            node = None if node is None else node.child(step)
        line, column = parsed.place(path) if node is None else node.key_place(name)
        message = f"There is no property `{name}` here."
        return Problem(message, path_text(path), line, column, code="unknown-property", hint=hint)
    if kind == "enum":
        return _no_choice(parsed, root, path, detail)
    for ending in ("_type", "_parsing"):
        if kind.endswith(ending):
            noun = _NOUNS.get(kind.removesuffix(ending), "another type")
            return parsed.problem(f"`{name}` must be {noun}.", path, code="wrong-type")
    message = detail["msg"].replace("Input should be", "must be")
    return parsed.problem(
        f"`{name}` {message[0].lower()}{message[1:]}.", path, code="invalid-value"
    )


def _no_choice(parsed: ParsedSuite, root: Node, path: Path, detail: ErrorDetails) -> Problem:
    choices = re.findall(r"'([^']+)'", str(detail.get("ctx", {}).get("expected", "")))
    node: Node | None = root
    for step in path:
        node = None if node is None else node.child(step)
    given = "" if node is None else str(node.value)
    close = difflib.get_close_matches(given.upper(), choices, n=1)
    return parsed.problem(
        f"`{given}` is no state here.",
        path,
        code="invalid-value",
        hint=f"Did you mean `{close[0]}`?" if close else f"There are {', '.join(choices)}.",
    )


def _name(path: Path) -> str:
    """The last name of a path with the indexes after it: ``log[0]``."""
    return path_text(path).rpartition(".")[2]


def _path(root: Node, loc: Path) -> Path:
    """Where in the text a validation error is: what was read under another name is found again."""
    path: list[str | int] = []
    node: Node | None = root
    for step in loc:
        child = None if node is None else node.child(step)
        if child is None and not path and step == "cases" and root.entry("testCases"):
            child, step = root.entry("testCases"), "testCases"  # noqa: PLW2901 - as it is written
        path.append(step)
        node = child or node
    return tuple(path)


def _keys_at(loc: Path) -> list[str]:
    """The properties of the model at a place."""
    model: object = Suite
    for step in loc:
        if isinstance(model, type) and issubclass(model, BaseModel):
            fields = model.model_fields
            found = next(
                (each for name, each in fields.items() if step in (name, each.alias)), None
            )
            # A step that is no field is an index, or a key of a map of models.
            model = model if found is None else _inner(found.annotation)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return []
    return [each.alias or name for name, each in model.model_fields.items()]


def _inner(annotation: object) -> object:
    """The model within `tuple[Model, ...]`, `dict[str, Model]`, `Model | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_inner(each) for each in get_args(annotation))
    return next((each for each in found if each is not None), None)


def _doubled(parsed: ParsedSuite, suite: Suite) -> Iterator[Problem]:
    if not suite.cases:
        yield parsed.problem("There is no case.", parsed.cases, code="no-case")
    seen: set[str] = set()
    for number, case in enumerate(suite.cases):
        if case.id in seen:
            yield parsed.problem(
                f"There are two cases `{case.id}`.",
                (*parsed.cases, number, "id"),
                code="duplicate",
                hint="Give each a name of its own.",
            )
        seen.add(case.id)


def _expressions(parsed: ParsedSuite, node: Node, path: Path) -> Iterator[Problem]:
    """Expressions that no engine could read."""
    if node.children is not None:
        for step, child in node.items():
            yield from _expressions(parsed, child, (*path, step))
        return
    value: Json = node.value
    if isinstance(value, str) and contains_expression(value):
        try:
            compile_template(value)
        except ExpressionError as error:
            yield parsed.problem(str(error), path, code="expression")


def _identity(source: str) -> tuple[str, str] | None:
    found = dict(_IDENTITY.findall(source))
    return (found["namespace"], found["id"]) if len(found) == 2 else None  # noqa: PLR2004 - both


def _empty() -> Problem:
    return Problem(
        "There are no tests in this file.",
        line=1,
        column=1,
        code="no-object",
        hint="Tests have `id`, `namespace`, `flowId` and `cases`.",
    )
