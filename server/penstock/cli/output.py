"""How commands speak: text for people on stdout, JSON for programs, errors on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from penstock.model.problem import Problem


@dataclass(frozen=True, slots=True)
class Output:
    """Writes results in the format that was asked for."""

    is_json: bool = False

    def value(self, value: Any, text: str | None = None) -> None:  # whatever JSON can hold
        """A result: as JSON, or `text` for people (JSON too when there is none)."""
        if self.is_json or text is None:
            click.echo(json.dumps(value, indent=2, ensure_ascii=False))
        else:
            click.echo(text)

    def table(
        self, items: Sequence[Mapping[str, Any]], columns: Mapping[str, str]
    ) -> None:  # rows of JSON objects
        """A list; `columns` maps headings to keys."""
        if self.is_json:
            self.value(list(items))
            return
        rows = [[_cell(item.get(key)) for key in columns.values()] for item in items]
        heads = list(columns)
        widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
        for row in [heads, *rows]:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            click.echo("  ".join(cells).rstrip())

    def note(self, text: str) -> None:
        """Something for people only; programs do not see it."""
        if not self.is_json:
            click.echo(text, err=True)

    def problems(self, problems: Sequence[Problem]) -> None:
        """Findings on stderr, each with the line that it points at."""
        if not self.is_json:
            for problem in problems:
                click.echo(rendered(problem), err=True)


def fail(
    message: str,
    *,
    hint: str | None = None,
    problems: Sequence[Problem] = (),
    is_json: bool = False,
) -> None:
    """Says on stderr why a command could not do its work."""
    if is_json:
        found = [problem.to_json() for problem in problems]
        error = {"error": {"message": message, "hint": hint, "problems": found}}
        click.echo(json.dumps(error, ensure_ascii=False), err=True)
        return
    click.echo(f"{click.style('Error:', fg='red')} {message}", err=True)
    for problem in problems:
        click.echo(rendered(problem), err=True)
    if hint and not any(problem.hint == hint for problem in problems):
        click.echo(f"  {hint}", err=True)


def rendered(problem: Problem) -> str:
    """``file:line:column: error: message``, the line with a caret, and the cure."""
    parts = (problem.file, problem.line, problem.column)
    place = ":".join(str(part) for part in parts if part is not None)
    if problem.file is None and problem.object is not None:
        place = (
            f"{problem.object} {place}".strip()
            if problem.line is None
            else (f"{problem.object}:{place}")
        )
    where = problem.path if problem.line is None and problem.path else ""
    head = ": ".join(
        part for part in (place, where, f"{problem.severity.value} [{problem.code}]") if part
    )
    lines = [f"{head}: {problem.message}", *_excerpt(problem)]
    if problem.hint:
        lines.append(f"  {problem.hint}")
    return "\n".join(lines)


def _excerpt(problem: Problem) -> list[str]:
    if problem.file is None or problem.line is None:
        return []
    try:
        source = Path(problem.file).read_text("utf-8").splitlines()
        line = source[problem.line - 1]
    except (OSError, UnicodeDecodeError, IndexError):
        return []
    number = str(problem.line)
    column = max(1, problem.column or 1)
    return [f"  {number} | {line}", f"  {' ' * len(number)} | {' ' * (column - 1)}^"]


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def is_terminal() -> bool:
    """Whether a person reads stdout."""
    return sys.stdout.isatty()
