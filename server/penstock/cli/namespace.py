"""``penstock namespace``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.cli import file
from penstock.cli.file import pairs
from penstock.cli.named import add_readers, written

if TYPE_CHECKING:
    from penstock.cli.root import Session
    from penstock.model.frozen import Json


@click.group("namespace")
def command() -> None:
    """Namespaces: what flows inherit."""


add_readers(
    command,
    "namespaces",
    {"NAMESPACE": "namespace", "OWNER": "owner", "DESCRIPTION": "description"},
    is_namespace=True,
)


@command.command("put")
@click.argument("name")
@click.option("--description", default=None, help="For people.")
@click.option(
    "--variable", "variables", multiple=True, help="key=value; the value may be JSON. Repeatable."
)
@click.option("--label", "labels", multiple=True, help="key=value. Repeatable.")
@click.option(
    "--allow",
    "allowed",
    multiple=True,
    help="A namespace whose flows may use this one; * for all, none for nobody. Repeatable.",
)
@click.option(
    "--plugin-defaults",
    "defaults",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A YAML file with a list of plugin defaults.",
)
@click.option("--owner", default=None, help="Who declares it.")
@click.pass_obj
def put(
    session: Session,
    name: str,
    *,
    description: str | None,
    variables: tuple[str, ...],
    labels: tuple[str, ...],
    allowed: tuple[str, ...],
    defaults: Path | None,
    owner: str | None,
) -> None:
    """Creates or replaces a namespace; what is not given is left empty.

    A variable whose value is {"secret": "KEY"} is that secret, masked wherever it appears.
    """
    from penstock.client import segment  # noqa: PLC0415 - `--help` needs no client

    body: dict[str, Json] = {
        "description": description,
        "variables": {key: _value(text) for key, text in pairs(variables, "--variable")},
        "labels": {**dict(pairs(labels, "--label"))},
    }
    if allowed:
        body["allowedNamespaces"] = [] if allowed == ("none",) else [*allowed]
    if defaults is not None:
        body["pluginDefaults"] = file.value_of(defaults)
    written(session, "namespaces", name=segment(name), body=body, owner=owner)


def _value(text: str) -> Json:
    try:
        return json.loads(text)
    except ValueError:
        return text
