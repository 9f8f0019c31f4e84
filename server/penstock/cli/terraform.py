"""``penstock terraform``: Terraform with the provider of this installation."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from penstock.errors import NotFound

if TYPE_CHECKING:
    from penstock.cli.root import Session


@click.group("terraform")
def command() -> None:
    """Terraform with the provider of this installation."""


@command.command(
    "exec", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="-- ARGUMENTS…")
@click.pass_obj
def execute(session: Session, arguments: tuple[str, ...]) -> None:
    """Becomes Terraform, with a provider that needs no installation and no `terraform init`.

    `penstock terraform exec -- plan` asks the server that this command line asks, unless
    PENSTOCK_ENDPOINT, PENSTOCK_TOKEN or PENSTOCK_TENANT say otherwise. A configuration with further
    providers, modules or a backend still needs its `init`. Terraform works on a hundred objects at
    a time, unless `-parallelism` says otherwise or the lock file names other providers.
    """
    from penstock_provider.attached import become  # noqa: PLC0415 - only this command
    from penstock_provider.terraform import NoTerraformError  # noqa: PLC0415 - as above

    asked = {
        "PENSTOCK_ENDPOINT": session.url,
        "PENSTOCK_TOKEN": session.token,
        "PENSTOCK_TENANT": session.tenant,
    }
    known = {name: text.strip() for name, text in asked.items() if text}
    try:
        become(arguments, {**known, **os.environ})
    except NoTerraformError as error:
        raise NotFound(str(error)) from None
