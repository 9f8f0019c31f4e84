"""References in expressions to inputs, outputs and variables that the flow does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import NamedTuple

from penstock.expression.syntax import Attribute, Binary, Filter, Literal, Name, Test
from penstock.expression.tag import parse
from penstock.language.shape import nearest_name
from penstock.language.template import Text, Texts
from penstock.model.problem import Problem, Severity


@dataclass(frozen=True, slots=True)
class Known:
    """The names below a root variable, and how a problem speaks of them."""

    root: str
    what: str
    names: frozenset[str]
    declare: str


class _Use(NamedTuple):
    key: str
    offset: int
    guarded: bool


def unknown_names(texts: Texts, known: list[Known], skipped: frozenset[str]) -> Iterator[Problem]:
    """A problem for each name that is certain not to exist.

    It is a warning where the expression says what happens without it (`??`, `is defined`,
    `default`). `skipped` are first steps of paths whose expressions see other variables.
    """
    dashed = [_dashed_names(one) for one in known]
    for text in texts.found:
        if text.path and text.path[0] in skipped:
            continue
        paths = [path for path in text.template.references() if len(path) > 1]
        for one, names in zip(known, dashed, strict=True):
            read = {path[1] for path in paths if path[0] == one.root}
            for name in (name for key in read for name in names.get(key, ())):
                yield from _dashed(texts, text, one, name)
            wrong = read - one.names
            if wrong:
                yield from _unknown(texts, text, one, wrong)


def _dashed_names(known: Known) -> dict[str, list[str]]:
    """Names with a dash by what stands before it, which is read as a key of its own."""
    names: dict[str, list[str]] = {}
    for name in known.names:
        if "-" in name:
            names.setdefault(name.partition("-")[0], []).append(name)
    return names


def _dashed(texts: Texts, text: Text, known: Known, name: str) -> Iterator[Problem]:
    pattern = rf"(?<![\w.]){re.escape(f'{known.root}.{name}')}(?![\w-])"
    for found in re.finditer(pattern, text.source):
        yield texts.problem(
            text,
            found.start(),
            f"`{known.root}.{name}` subtracts, because of the dash in the name.",
            code="dashed-reference",
            hint=f"Write `{known.root}['{name}']`.",
        )


def _unknown(texts: Texts, text: Text, known: Known, wrong: set[str]) -> Iterator[Problem]:
    # `inputs.my-key` reads as `inputs.my - key`; that has its own problem.
    wrong = {key for key in wrong if not _is_dashed(text, known, key)}
    uses = [use for use in _uses(text.source, known.root) if use.key in wrong]
    guarded = {use.key for use in uses if use.guarded}
    for use in uses:
        near = nearest_name(use.key, known.names)
        yield texts.problem(
            text,
            use.offset,
            f"There is no {known.what} `{use.key}` in this flow.",
            code="unknown-reference",
            hint=f"Did you mean `{near}`?" if near else known.declare,
            severity=Severity.WARNING if use.key in guarded else Severity.ERROR,
        )


def _is_dashed(text: Text, known: Known, key: str) -> bool:
    return any(
        name.startswith(f"{key}-") and f"{known.root}.{name}" in text.source for name in known.names
    )


def _uses(source: str, root: str) -> list[_Use]:
    """Where a template reads a key of a root variable."""
    uses: dict[int, _Use] = {}
    for node, guarded in _nodes(parse(source), guarded=False):
        if not isinstance(node, Attribute) or not isinstance(node.key, Literal):
            continue
        if isinstance(node.target, Name) and node.target.name == root:
            uses[node.target.at] = _Use(str(node.key.value), node.target.at, guarded)
    return list(uses.values())


def nodes_of(tree: object) -> Iterator[object]:
    """Every part of a syntax tree."""
    return (node for node, _ in _nodes(tree, guarded=False))


def _nodes(node: object, *, guarded: bool) -> Iterator[tuple[object, bool]]:
    """Every part of a syntax tree, and whether something says what happens when it is missing."""
    if isinstance(node, tuple):
        for item in node:
            yield from _nodes(item, guarded=guarded)
    elif is_dataclass(node):
        yield node, guarded
        guard = _guarded_field(node)
        for part in fields(node):
            value = getattr(node, part.name)
            yield from _nodes(value, guarded=guarded or part.name == guard)


def _guarded_field(node: object) -> str | None:
    if isinstance(node, Binary) and node.operator in ("??", "???"):
        return "left"
    is_guard = (isinstance(node, Test) and node.name == "defined") or (
        isinstance(node, Filter) and node.name == "default"
    )
    return "operand" if is_guard else None
