"""``penstock secret``: values come from a prompt, a file, the environment, never an argument."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.cli.named import add_readers, address, written
from penstock.errors import InvalidObject

if TYPE_CHECKING:
    from penstock.cli.root import Session


@click.group("secret")
def command() -> None:
    """Secrets: encrypted, never shown again."""


add_readers(
    command,
    "secrets",
    {
        "NAMESPACE": "namespace",
        "KEY": "key",
        "VERSION": "version",
        "OWNER": "owner",
        "UPDATED": "updatedAt",
    },
)


@command.command("put")
@click.argument("name")
@click.option("--from-env", default=None, help="Name of an environment variable with the value.")
@click.option(
    "--from-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="File whose text is the value.",
)
@click.option("--description", default=None, help="For people; never the value.")
@click.option("--owner", default=None, help="Who declares it.")
@click.pass_obj
def put(
    session: Session,
    name: str,
    *,
    from_env: str | None,
    from_file: Path | None,
    description: str | None,
    owner: str | None,
) -> None:
    """Creates or replaces NAMESPACE/KEY; the value is read from stdin unless an option says else.

    Example: openssl rand -hex 16 | penstock secret put company.team/API_KEY
    """
    body = {"value": _value(from_env, from_file), "description": description}
    written(session, "secrets", name=address(name), body=body, owner=owner)


def _value(from_env: str | None, from_file: Path | None) -> str:
    if from_env is not None:
        value = os.environ.get(from_env)
        if value is None:
            raise InvalidObject(f"There is no environment variable {from_env}.")
        return value
    if from_file is not None:
        return from_file.read_text("utf-8").removesuffix("\n")
    if sys.stdin.isatty():
        return click.prompt("Value", hide_input=True, err=True)
    return sys.stdin.read().removesuffix("\n")
