"""``penstock plan``: what apply would change, said by the live server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from penstock.cli import file, sending
from penstock.cli.root import CHANGES, ERROR, OK

if TYPE_CHECKING:
    from penstock.cli.root import Session

_SIGNS = {"create": "+", "update": "~", "delete": "-", "none": " "}


@click.command("plan")
@sending.options
@click.option("--tests", is_flag=True, help="Also run the tests of the flows that would change.")
@click.pass_obj
def command(
    session: Session,
    *,
    paths: tuple[Path, ...],
    complete: bool,
    deletes: tuple[str, ...],
    owner: str | None,
    force_owner: bool,
    tests: bool,
) -> int:
    """Says what apply would change. Ends with 2 when there are changes, with 1 on errors."""
    from penstock.client import problem_of  # noqa: PLC0415 - `--help` needs no client

    objects = file.read(paths)
    answer = sending.post(
        session.client,
        "plan",
        sent={**sending.body(objects, deletes, complete=complete), "tests": tests},
        objects=objects,
        framed=sending.headers(owner, force=force_owner),
    )
    planned = answer["objects"]
    changes = [each for each in planned if each["action"] != "none"]
    if session.output.is_json:
        session.output.value(answer)
    else:
        for each in changes:
            click.echo(f"{_SIGNS[each['action']]} {each['summary']}")
            if each["action"] == "update":
                click.echo("".join(f"    {line}\n" for line in each["diff"].splitlines()), nl=False)
            if each["callers"]:
                click.echo(f"    called by {', '.join(map(_call, each['calls']))}")
        session.output.problems([problem_of(each) for each in answer["problems"]])
        same = len(planned) - len(changes)
        click.echo(f"{len(changes)} to change, {same} unchanged.")
    if not answer["valid"]:
        return ERROR
    return CHANGES if changes else OK


def _call(call: dict[str, Any]) -> str:  # a JSON object
    """``company.team/parent``, and the revision to which it keeps."""
    revision = call["revision"]
    return str(call["flow"]) if revision is None else f"{call['flow']} (revision {revision})"
