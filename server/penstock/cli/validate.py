"""``penstock validate``: checks flow files without a server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.cli import file
from penstock.errors import InvalidObject

if TYPE_CHECKING:
    from penstock.cli.root import Session
    from penstock.model.problem import Problem


@click.command("validate")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.pass_obj
def command(session: Session, paths: tuple[Path, ...]) -> int:
    """Checks flow files, and all below folders, without a server.

    Ends with 1 when there is an error; warnings do not count.
    """
    files = file.find(paths)
    problems = [problem for path in files for problem in _check(path)]
    if session.output.is_json:
        session.output.value([problem.to_json() for problem in problems])
    else:
        session.output.problems(problems)
        errors = sum(problem.is_error for problem in problems)
        warnings = len(problems) - errors
        click.echo(f"{len(files)} files: {errors} errors, {warnings} warnings")
    return 1 if any(problem.is_error for problem in problems) else 0


def _check(path: Path) -> list[Problem]:
    from penstock import registry  # noqa: PLC0415 - `--help` needs no language
    from penstock.language.parse import parse  # noqa: PLC0415 - as above

    try:
        text = file.text_of(path)
    except InvalidObject as error:
        return list(error.problems)
    parsed = parse(text, registry)  # pyrefly: ignore[bad-argument-type] - cached functions
    return [replace(problem, file=str(path)) for problem in parsed.problems]
