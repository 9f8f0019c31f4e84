"""``penstock provider``: puts the Terraform provider where Terraform looks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.errors import PenstockError

if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock.cli.root import Session
    from penstock_provider.install import Installed


class CannotInstall(PenstockError):
    """The provider cannot be put there."""

    code = "cannot-install"
    title = "Cannot install"


_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group("provider")
def command() -> None:
    """The Terraform provider of this installation: one file, the same on every platform."""


@command.command("install")
@click.option(
    "--dir",
    "directory",
    type=_FOLDER,
    default=None,
    help="Where to write; where Terraform and OpenTofu look by themselves when left out.",
)
@click.pass_obj
def install(session: Session, directory: Path | None) -> None:
    """Installs it for this user, so that plain `terraform init` finds it."""
    from penstock_provider import install as provider  # noqa: PLC0415 - only this command

    folders = provider.user_folders() if directory is None else [directory]
    done = _done(lambda: provider.place(folders))
    configuration = None if directory is None else provider.configuration(directory)
    more = f"\nPut this into a file and name it in TF_CLI_CONFIG_FILE:\n\n{configuration}"
    _say(session, done, configuration, more="" if configuration is None else more)


@command.command("vendor")
@click.argument("directory", type=_FOLDER, default=Path())
@click.pass_obj
def vendor(session: Session, directory: Path) -> None:
    """Puts it into DIRECTORY/terraform.d/plugins, for a repository and runners elsewhere.

    Terraform that runs in DIRECTORY (here by default) looks there first.
    """
    from penstock_provider import install as provider  # noqa: PLC0415 - only this command

    done = _done(lambda: provider.place([provider.vendored(directory)]))
    _say(session, done, None, more=f"\nCommit {provider.vendored(directory)} as it is.")


@command.command("mirror")
@click.argument("directory", type=_FOLDER)
@click.pass_obj
def mirror(session: Session, directory: Path) -> None:
    """Writes zips and indexes into DIRECTORY, for a network mirror on any web server."""
    from penstock_provider import install as provider  # noqa: PLC0415 - only this command

    done = _done(lambda: provider.mirror(directory))
    _say(session, done, provider.configuration(directory), more="")


def _done(what: Callable[[], Installed]) -> Installed:
    from penstock_provider.install import CannotInstallError  # noqa: PLC0415 - as above
    from penstock_provider.package import CannotPackError  # noqa: PLC0415 - as above

    try:
        return what()
    except (CannotInstallError, CannotPackError) as error:
        raise CannotInstall(str(error)) from None


def _say(session: Session, done: Installed, configuration: str | None, *, more: str) -> None:
    shown = {
        "program": str(done.program),
        "folders": [str(each) for each in done.folders],
        "checksum": done.checksum,
        "configuration": configuration,
    }
    session.output.value(shown, f"Installed {done.program}\n  {done.checksum}{more}")
