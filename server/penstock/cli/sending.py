"""What `plan` and `apply` share: files to a set, and the server's findings back to files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from penstock.cli import file
from penstock.cli.file import ObjectFile
from penstock.client import Client, Refused, problem_of


def options(function: Callable[..., Any]) -> Callable[..., Any]:  # a click command's function
    """The arguments of both commands."""
    for decorate in (
        click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path)),
        click.option("--complete", is_flag=True, help="Dangling references are errors."),
        click.option("--delete", "deletes", multiple=True, help="Also remove, such as flow/a.b/x."),
        click.option("--owner", default=None, help="Who declares these objects."),
        click.option("--force-owner", is_flag=True, help="Take over from another owner."),
    ):
        function = decorate(function)
    return function


def headers(owner: str | None, *, force: bool) -> dict[str, str]:
    """The frame of a change."""
    found = {} if owner is None else {"Penstock-Owner": owner}
    return {**found, "Penstock-Force-Owner": "true"} if force else found


def body(
    objects: Sequence[ObjectFile], deletes: Sequence[str], *, complete: bool
) -> dict[str, Any]:  # a JSON object
    """The set as the API takes it."""
    return {
        "objects": [each.to_json() for each in objects],
        "deletes": [_reference(each) for each in deletes],
        "complete": complete,
    }


def post(
    client: Client,
    path: str,
    *,
    sent: dict[str, Any],  # a JSON object
    objects: Sequence[ObjectFile],
    framed: dict[str, str],
) -> dict[str, Any]:  # a JSON object
    """Sends a set. An error's problems name the local files."""
    try:
        answer = client.post(path, sent, framed)
    except Refused as error:
        error.problems = tuple(file.placed(error.problems, objects))
        raise
    assert isinstance(answer, dict)
    for name in ("problems", "warnings"):
        if name in answer:
            answer[name] = [
                problem.to_json() for problem in file.placed(map(problem_of, answer[name]), objects)
            ]
    return answer


def _reference(text: str) -> dict[str, str | None]:
    kind, _, rest = text.partition("/")
    namespace, _, name = rest.partition("/")
    return {"kind": kind, "namespace": namespace, "id": name or None}
