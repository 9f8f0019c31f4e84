"""``penstock why``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from penstock.cli.root import Session


@click.command("why")
@click.argument("id")
@click.pass_obj
def command(session: Session, id: str) -> None:  # noqa: A002 - the word of the API
    """Says what an execution waits for, or why it ended as it did."""
    from penstock.client import segment  # noqa: PLC0415 - `--help` needs no client

    found = session.client.get(f"executions/{segment(id)}/why")
    session.output.value(found, "\n".join(found["sentences"]))
