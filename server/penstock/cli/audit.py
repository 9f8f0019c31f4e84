"""``penstock audit``."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from penstock.cli.root import Session


@click.group("audit")
def command() -> None:
    """Who changed what."""


@command.command("list")
@click.option("--object", "reference", default=None, help="Only of this, such as flow/a.b/x.")
@click.option("--limit", type=int, default=1_000, help="How many, oldest first.")
@click.pass_obj
def list_(session: Session, reference: str | None, limit: int) -> None:
    """Lists events in the order of time."""
    items = list(islice(session.client.pages("audit-events", object=reference), limit))
    columns = {
        "SEQ": "seq",
        "AT": "at",
        "ACTOR": "actor",
        "ACTION": "action",
        "OBJECT": "object",
        "OWNER": "owner",
    }
    session.output.table(items, columns)
