"""``penstock apply``: writes files as one set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.cli import file, sending
from penstock.client import problem_of

if TYPE_CHECKING:
    from penstock.cli.root import Session

_DONE = {"create": "created", "update": "changed", "delete": "deleted", "none": "unchanged"}


@click.command("apply")
@sending.options
@click.pass_obj
def command(
    session: Session,
    *,
    paths: tuple[Path, ...],
    complete: bool,
    deletes: tuple[str, ...],
    owner: str | None,
    force_owner: bool,
) -> None:
    """Writes files as one set: all of it or nothing. Nothing is deleted unless named."""
    objects = file.read(paths)
    answer = sending.post(
        session.client,
        "apply",
        sent=sending.body(objects, deletes, complete=complete),
        objects=objects,
        framed=sending.headers(owner, force=force_owner),
    )
    if session.output.is_json:
        session.output.value(answer)
        return
    session.output.problems([problem_of(each) for each in answer["warnings"]])
    for each in answer["objects"]:
        click.echo(f"{each['ref']}: {_DONE[each['action']]} (revision {each['revision']})")
