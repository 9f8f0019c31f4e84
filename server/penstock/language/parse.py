"""Flow text → `Flow`, or problems with line and column."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice

from penstock.language import sentence
from penstock.language.build import Builder
from penstock.language.catalog import Catalog
from penstock.language.defaults import NOTHING, Inherited, apply
from penstock.language.found import MOST_PROBLEMS
from penstock.language.node import Node, Path
from penstock.language.template import Texts
from penstock.language.validate import validate
from penstock.language.yaml import Document, read
from penstock.model.flow import Flow
from penstock.model.problem import Problem

MAX_BYTES = 1024 * 1024
"""The longest flow, however it arrives."""
_FIRST_LINES = "A flow begins with `id: …`, `namespace: …` and `tasks:`."
_IDENTITY = re.compile(r"^(id|namespace):[ \t]+[\"']?([\w.-]+)", re.MULTILINE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text means, and what is wrong with it.

    Attributes:
        flow: the flow, unless there are errors.
        problems: errors and warnings, in the order of the text, at most `MOST_PROBLEMS`.
        identity: namespace and id as far as they can be read, also of a broken text.
    """

    flow: Flow | None
    problems: tuple[Problem, ...]
    identity: tuple[str, str] | None
    _source: str | None = field(default=None, repr=False, compare=False)

    @property
    def ok(self) -> bool:
        """Whether there is a flow; warnings do not count."""
        return self.flow is not None

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The problems that do not stop a change."""
        return tuple(problem for problem in self.problems if not problem.is_error)

    def place(self, path: str) -> tuple[int, int] | None:
        """Line and column of the value at a path such as ``tasks[0].flowId``, from 1.

        A path that leads nowhere gives the place of the nearest value above it; a text that is
        no YAML gives None.
        """
        node = None if self._source is None else _root_of(self._source)
        if node is None:
            return None
        for step in _steps(path):
            child = node.child(step)
            if child is None:
                break
            node = child
        return node.place


@lru_cache(maxsize=16)
def _root_of(source: str) -> Node | None:
    """The tree of a text, read again: it is six times as large as the flow that it makes, and
    places are asked for rarely, but then often in one text.
    """
    return read(source).root


def too_large(size: int) -> Problem | None:
    """A problem when a flow's text has more than `MAX_BYTES`."""
    if size <= MAX_BYTES:
        return None
    return Problem(
        f"The flow has {size:,} bytes; it may have {MAX_BYTES:,}.",
        code="body-too-large",
        hint="Move large scripts and data to files of their own.",
    )


def parse(source: str, catalog: Catalog, inherited: Inherited = NOTHING) -> Parsed:
    """Reads a flow's text with the types of `catalog`; never raises for bad text.

    `inherited` are the plugin defaults of what surrounds the flow.
    """
    excess = too_large(len(source.encode(errors="surrogatepass")))
    if excess is not None:
        return Parsed(None, (excess,), None, source)
    document = read(source)
    root = document.root
    problems = list(document.problems)
    flow = None
    if root is None:
        if not problems:
            problems.append(_no_flow())
    elif not isinstance(root.children, dict):
        wrong = sentence.wrong_type(root, (), ["dict"])
        problems.append(replace(wrong, hint=_FIRST_LINES))
    else:
        flow = _flow(root, document, catalog, problems, inherited)
    if any(problem.is_error for problem in problems):
        flow = None
    return Parsed(flow, _readable(problems), _identity(root, document.source), source)


def _flow(
    written: Node,
    document: Document,
    catalog: Catalog,
    problems: list[Problem],
    inherited: Inherited,
) -> Flow | None:
    applied = apply(written, catalog, inherited)
    root = applied.root
    builder = Builder(catalog)
    flow = builder.flow(root)
    texts = Texts(document.source)
    texts.collect(root)
    told = {(problem.line, problem.column) for problem in problems}
    rules = islice(validate(root, builder.draft, texts), MOST_PROBLEMS)
    seen = [
        *applied.problems,
        *applied.told([*builder.draft.problems, *texts.problems, *rules]),
    ]
    misspelt = {
        (problem.path.rpartition(".")[0], problem.hint)
        for problem in seen
        if problem.code == "unknown-property"
    }
    problems.extend(
        problem
        for problem in seen
        if (problem.line, problem.column) not in told and not _follows(problem, misspelt)
    )
    return flow


def _readable(problems: list[Problem]) -> tuple[Problem, ...]:
    """In the order of the text; of very many the first ones, errors before warnings."""

    def place(problem: Problem) -> tuple[int, int]:
        return problem.line or 0, problem.column or 0

    chosen = sorted(problems, key=lambda problem: (not problem.is_error, *place(problem)))
    return tuple(sorted(chosen[:MOST_PROBLEMS], key=place))


def _follows(problem: Problem, misspelt: set[tuple[str, str | None]]) -> bool:
    """Whether a missing property is there, only misspelt; the misspelling has its own problem."""
    if problem.code != "missing-property":
        return False
    parent, _, key = problem.path.rpartition(".")
    return (parent, f"Did you mean `{key}`?") in misspelt


def _no_flow() -> Problem:
    return Problem(
        "There is no flow in this text.",
        line=1,
        column=1,
        code="empty",
        hint=_FIRST_LINES,
    )


def _identity(root: Node | None, source: str) -> tuple[str, str] | None:
    if root is not None and isinstance(root.children, dict):
        namespace, flow_id = root.entry("namespace"), root.entry("id")
        if namespace and flow_id and namespace.raw and flow_id.raw:
            return namespace.raw, flow_id.raw
        return None
    written = dict(reversed(_IDENTITY.findall(source)))
    if "id" in written and "namespace" in written:
        return written["namespace"], written["id"]
    return None


def namespace_of(source: str) -> str | None:
    """The namespace that a text says, also a broken one; read without looking at the rest."""
    return dict(reversed(_IDENTITY.findall(source))).get("namespace")


def _steps(path: str) -> Path:
    found = re.findall(r'\[(\d+)\]|\["([^"]*)"\]|([^.\[\]]+)', path)
    return tuple(int(index) if index else quoted or plain for index, quoted, plain in found)
