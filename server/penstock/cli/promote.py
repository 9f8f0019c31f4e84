"""``penstock promote``: the CDK app, installed with the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from penstock.cli.root import Session


@click.command(
    "promote",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def command(session: Session, arguments: tuple[str, ...]) -> int:
    """Passes its arguments to the CDK app."""
    from penstock.cli.cdktf import run  # noqa: PLC0415 - only this command needs the app

    return run("promote", arguments, is_json=session.output.is_json)
