"""``penstock validate``: checks flow files without a server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.cli import file
from penstock.cli.flow_files import namespace_in, surroundings
from penstock.errors import InvalidObject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.cli.root import Session
    from penstock.model.problem import Problem
    from penstock.service.spec import NamespaceSpec


@click.command("validate")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.pass_obj
def command(session: Session, paths: tuple[Path, ...]) -> int:
    """Checks flow files, and all below folders, without a server.

    Ends with 1 when there is an error; warnings do not count.
    """
    files = file.find(paths)
    problems = _check(files)
    if session.output.is_json:
        session.output.value([problem.to_json() for problem in problems])
    else:
        session.output.problems(problems)
        errors = sum(problem.is_error for problem in problems)
        warnings = len(problems) - errors
        click.echo(f"{len(files)} files: {errors} errors, {warnings} warnings")
    return 1 if any(problem.is_error for problem in problems) else 0


def _check(files: Sequence[Path]) -> list[Problem]:
    """What is wrong with flow files; namespaces among them give their plugin defaults."""
    from penstock import registry  # noqa: PLC0415 - `--help` needs no language
    from penstock.language.check import check_files  # noqa: PLC0415 - as above

    problems: list[Problem] = []
    namespaces: dict[str, NamespaceSpec] = {}
    flows: list[Path] = []
    for path in files:
        found = _other(path)
        if found is None:
            flows.append(path)
        elif found.kind == "namespace":
            spec = namespace_in(found, problems)
            if spec is not None:
                namespaces[found.namespace] = spec
    around = surroundings(namespaces)
    # pyrefly: ignore[bad-argument-type] - cached functions are functions
    return [*problems, *check_files(flows, registry, around.of).problems]


def _other(path: Path) -> file.ObjectFile | None:
    """The declared object in a file that is none of a flow; few files are asked."""
    if not re.search(rb"^kind:", path.read_bytes(), re.MULTILINE):
        return None
    try:
        (found,) = file.read([path])
    except InvalidObject:
        return None
    return None if found.kind == "flow" else found
