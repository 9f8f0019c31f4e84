"""Rewrites a flow's text: newest spellings and clean line ends, every other byte as it was."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from penstock.language.catalog import Catalog
from penstock.language.node import Node
from penstock.language.parse import Parsed, parse
from penstock.language.yaml import read
from penstock.model.problem import Problem

_MOST_ROUNDS = 1_000
_LINE_END = re.compile(r"[ \t]+(?=\r?\n)")


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The new text, and what was renamed in it: older spelling, present one, line."""

    text: str
    renamed: tuple[tuple[str, str, int], ...] = ()


class _Edit(tuple[int, int, str]):
    """Start, end and what comes in between."""

    __slots__ = ()


def tidied(source: str) -> str:
    """Line ends of Unix, without white space before them, and one at the end of the text.

    White space inside of texts is left alone. A text that is no YAML stays as it is, and so does
    one that would mean something else.
    """
    document = read(source)
    if document.root is None or document.problems:
        return source
    kept = sorted(_spans(document.root))
    pieces: list[str] = []
    at = 0
    for start, end in [*kept, (len(source), len(source))]:
        if start < at:
            continue
        pieces.append(_LINE_END.sub("", source[at:start]))
        pieces.append(source[start:end])
        at = end
    text = "".join(pieces).rstrip(" \t\r\n") + "\n"
    for candidate in (text.replace("\r\n", "\n"), text):
        again = read(candidate)
        if again.root is not None and again.root.value == document.root.value:
            return candidate
    return source


def _spans(node: Node) -> Iterator[tuple[int, int]]:
    """Where the scalars of a document stand."""
    pending = [node]
    while pending:
        one = pending.pop()
        if one.children is None:
            yield one.event.start_mark.index, one.event.end_mark.index
        pending += [child for _, child in one.items()]


def upgraded(source: str, catalog: Catalog) -> Rewritten:
    """The text with every deprecated spelling replaced that has a present one.

    What would make the text wrong, such as a key that is there in both spellings, is left alone.
    """
    renamed: list[tuple[str, str, int]] = []
    parsed = parse(source, catalog)
    left: set[tuple[int, int]] = set()
    # Only so many problems are told at once, and names inside of a default appear when it is used.
    for _ in range(_MOST_ROUNDS):
        wanted = [edit for edit in _edits(source, parsed.problems) if edit[0][:2] not in left]
        if not wanted:
            break
        text = _apply(source, [edit for edit, _ in wanted])
        again = parse(text, catalog)
        if _errors(again) > _errors(parsed):
            source, again, done = _one_by_one(source, parsed, wanted, catalog)
            left.update(edit[:2] for edit, problem in wanted if problem not in done)
            renamed += [_told(problem) for problem in done]
            parsed = again
            if not done:
                break
            continue
        source, parsed = text, again
        renamed += [_told(problem) for _, problem in wanted]
    return Rewritten(source, tuple(sorted(renamed, key=lambda one: one[2])))


def _errors(parsed: Parsed) -> int:
    return sum(problem.is_error for problem in parsed.problems)


def _told(problem: Problem) -> tuple[str, str, int]:
    assert problem.rename is not None
    return (*problem.rename, problem.line or 0)


def _edits(source: str, problems: Sequence[Problem]) -> list[tuple[_Edit, Problem]]:
    """An edit for each old spelling that stands where its problem says."""
    starts = [0]
    starts += [found.end() for found in re.finditer(r"\r\n|\r|\n", source)]
    edits: dict[int, tuple[_Edit, Problem]] = {}
    for problem in problems:
        if problem.rename is None or problem.line is None or problem.column is None:
            continue
        old, current = problem.rename
        at = starts[problem.line - 1] + problem.column - 1
        at += source[at : at + 1] in ("'", '"')
        if source.startswith(old, at):
            edits.setdefault(at, (_Edit((at, at + len(old), current)), problem))
    return [edits[at] for at in sorted(edits)]


def _apply(source: str, edits: Sequence[tuple[int, int, str]]) -> str:
    pieces: list[str] = []
    at = 0
    for start, end, text in edits:
        pieces += [source[at:start], text]
        at = end
    return "".join([*pieces, source[at:]])


def _one_by_one(
    source: str, parsed: Parsed, wanted: Sequence[tuple[_Edit, Problem]], catalog: Catalog
) -> tuple[str, Parsed, list[Problem]]:
    """Only the edits that make nothing wrong; from the end, so that places stay what they are."""
    done: list[Problem] = []
    for edit, problem in reversed(wanted):
        text = _apply(source, [edit])
        again = parse(text, catalog)
        if _errors(again) <= _errors(parsed):
            source, parsed = text, again
            done.append(problem)
    return source, parsed, done
