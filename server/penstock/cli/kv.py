"""``penstock kv``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.cli.named import add_readers, address, written
from penstock.errors import InvalidObject

if TYPE_CHECKING:
    from penstock.cli.root import Session
    from penstock.model.frozen import Json


@click.group("kv")
def command() -> None:
    """Key-value pairs: readable values that flows share."""


add_readers(
    command,
    "kv",
    {
        "NAMESPACE": "namespace",
        "KEY": "key",
        "VALUE": "value",
        "TYPE": "type",
        "REVISION": "revision",
        "OWNER": "owner",
        "EXPIRES": "expiresAt",
        "DESCRIPTION": "description",
    },
)


@command.command("versions")
@click.argument("name")
@click.pass_obj
def versions(session: Session, name: str) -> None:
    """What the latest writes of NAMESPACE/KEY left, newest first."""
    columns = {
        "REVISION": "revision",
        "VALUE": "value",
        "TYPE": "type",
        "WRITTEN": "writtenAt",
        "EXPIRES": "expiresAt",
    }
    session.output.table(session.client.get(f"kv/{address(name)}/versions")["items"], columns)


@command.command("put")
@click.argument("name")
@click.argument("value", required=False)
@click.option(
    "--from-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="File with the value.",
)
@click.option("--text", "is_text", is_flag=True, help="The value is a text, even if it is JSON.")
@click.option(
    "--type",
    "kind",
    type=click.Choice(["DATETIME", "DATE", "DURATION"]),
    default=None,
    help="What a text is. Numbers, booleans and maps show it themselves.",
)
@click.option("--ttl", default=None, help="How long it lives, such as PT30M or P1D.")
@click.option("--description", default=None, help="For people.")
@click.option("--owner", default=None, help="Who declares it.")
@click.pass_obj
def put(
    session: Session,
    name: str,
    value: str | None,
    *,
    from_file: Path | None,
    is_text: bool,
    kind: str | None,
    ttl: str | None,
    description: str | None,
    owner: str | None,
) -> None:
    """Creates or replaces NAMESPACE/KEY. A value that is JSON is kept as such, any other as text.

    Example: penstock kv put company.team/last_run '{"rows": 500}' --ttl P7D
    """
    if (value is None) == (from_file is None):
        raise InvalidObject("Give either a value or --from-file.")
    given = value if from_file is None else from_file.read_text("utf-8").removesuffix("\n")
    assert given is not None
    body = {
        "value": given if is_text or kind is not None else _typed(given),
        "description": description,
        "ttl": ttl,
        **({} if kind is None else {"type": kind}),
    }
    written(session, "kv", name=address(name), body=body, owner=owner)


def _typed(given: str) -> Json:
    import orjson  # noqa: PLC0415 - `--help` needs no JSON

    try:
        return orjson.loads(given)
    except orjson.JSONDecodeError:
        return given
