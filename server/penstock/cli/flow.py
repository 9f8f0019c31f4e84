"""``penstock flow``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.cli import file
from penstock.cli.named import add_readers

if TYPE_CHECKING:
    from penstock.cli.root import Session


@click.group("flow")
def command() -> None:
    """Flows: a namespace's pipelines as YAML."""


add_readers(
    command,
    "flows",
    {
        "NAMESPACE": "namespace",
        "ID": "id",
        "REVISION": "revision",
        "OWNER": "owner",
        "DISABLED": "disabled",
        "UPDATED": "updatedAt",
    },
)


@command.command("put")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--owner", default=None, help="Who declares it.")
@click.option("--force-owner", is_flag=True, help="Take over from another owner.")
@click.pass_obj
def put(session: Session, path: Path, owner: str | None, *, force_owner: bool) -> None:
    """Creates or replaces the flow in a file."""
    from penstock.cli.sending import headers  # noqa: PLC0415 - `--help` needs no client
    from penstock.client import Refused, problem_of, segment  # noqa: PLC0415 - as above

    found = file.read([path])[0]
    try:
        answer, is_new = session.client.put(
            f"flows/{segment(found.namespace)}/{segment(found.id or '')}",
            str(found.spec["source"]).encode(),
            headers(owner, force=force_owner),
        )
    except Refused as error:
        error.problems = tuple(file.placed(error.problems, [found]))
        raise
    warnings = [replace(problem_of(each), file=str(path)) for each in answer["warnings"]]
    session.output.problems(warnings)
    done = "created" if is_new else "written"
    session.output.value(answer, f"{found.ref}: {done} (revision {answer['revision']})")


@command.command("revisions")
@click.argument("name")
@click.pass_obj
def revisions(session: Session, name: str) -> None:
    """Lists a flow's history, newest first."""
    from penstock.cli.named import address  # noqa: PLC0415 - `--help` needs no client

    items = session.client.get(f"flows/{address(name)}/revisions")["items"]
    columns = {"REVISION": "revision", "HASH": "contentHash", "OWNER": "owner", "AT": "createdAt"}
    session.output.table(items, columns)
