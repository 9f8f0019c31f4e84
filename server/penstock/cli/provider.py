"""``penstock provider``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from penstock.cli.root import Session


@click.group("provider")
def command() -> None:
    """The Terraform provider of this installation."""


@command.command("install")
@click.option(
    "--dir",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Where to write the mirror; where Terraform looks by itself when left out.",
)
@click.pass_obj
def install(session: Session, directory: Path | None) -> None:
    """Writes a filesystem mirror, so that plain `terraform init` finds the provider."""
    from penstock_provider import install as provider  # noqa: PLC0415 - only this command

    program = provider.install(directory)
    configuration = None if directory is None else provider.configuration(directory)
    text = f"Installed {program}."
    if configuration is not None:
        text += f"\nPut this into a file and name it in TF_CLI_CONFIG_FILE:\n\n{configuration}"
    session.output.value({"program": str(program), "configuration": configuration}, text)
