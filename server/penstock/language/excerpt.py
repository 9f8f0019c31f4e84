"""Problems as text for terminals: the sentence, the line in question, a caret under the place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from penstock.model.problem import Problem

_WIDTH = 100


def render_problems(problems: Sequence[Problem], sources: Mapping[str, str]) -> str:
    """All problems below each other, then a line that counts them.

    `sources` has the text of each file; a problem whose file is not there has no excerpt.
    """
    blocks = [_block(problem, sources.get(problem.file or "")) for problem in problems]
    errors = sum(problem.is_error for problem in problems)
    warnings = len(problems) - errors
    counts = [_count(errors, "error"), _count(warnings, "warning")]
    return "\n".join([*blocks, f"{' and '.join(filter(None, counts)) or 'No problems'}.\n"])


def _count(number: int, noun: str) -> str:
    if number == 0:
        return ""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _block(problem: Problem, source: str | None) -> str:
    place = ":".join(
        str(part) for part in (problem.file, problem.line, problem.column) if part is not None
    )
    head = f"{problem.severity.value}[{problem.code}]"
    lines = [f"{place}: {head}: {problem.message}" if place else f"{head}: {problem.message}"]
    if source is not None and problem.line is not None:
        lines.extend(_excerpt(source, problem.line, problem.column or 1))
    if problem.hint:
        lines.append(f"  {problem.hint}")
    return "\n".join([*lines, ""])


def _excerpt(source: str, line: int, column: int) -> list[str]:
    written = source.removeprefix("\ufeff").split("\n")
    if line > len(written):
        return []
    text = written[line - 1].rstrip("\r").replace("\t", " ")
    start = max(0, column - 1 - _WIDTH // 2) if len(text) > _WIDTH else 0
    number = str(line)
    margin = " " * len(number)
    return [
        f"  {number} | {text[start : start + _WIDTH]}".rstrip(),
        f"  {margin} | {' ' * (column - 1 - start)}^",
    ]
