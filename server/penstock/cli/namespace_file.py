"""``penstock file``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.cli.named import add_readers, address
from penstock.errors import InvalidObject

if TYPE_CHECKING:
    from penstock.cli.root import Session
    from penstock.model.frozen import Json


@click.group("file")
def command() -> None:
    """Files of namespaces: code, queries and small tables that flows read; every one versioned."""


add_readers(
    command,
    "files",
    {
        "NAMESPACE": "namespace",
        "PATH": "path",
        "SIZE": "size",
        "REVISION": "revision",
        "OWNER": "owner",
        "UPDATED": "updatedAt",
    },
)


@command.command("put")
@click.argument("name")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option("--owner", default=None, help="Who declares it.")
@click.option("--force-owner", is_flag=True, help="Take over from another owner.")
@click.pass_obj
def put(session: Session, name: str, source: Path, *, owner: str | None, force_owner: bool) -> None:
    """Creates or replaces NAMESPACE/PATH with the file SOURCE, or all that is in a folder.

    A folder's files go below PATH, or into the namespace itself when NAME is NAMESPACE alone.

    Example: penstock file put company.team/sql ./sql
    """
    from penstock.cli.sending import headers  # noqa: PLC0415 - `--help` needs no client

    framed = {**headers(owner, force=force_owner), "Content-Type": "application/octet-stream"}
    for target, path in _pairs(name, source):
        found, is_new = session.client.put(f"files/{address(target)}", path.read_bytes(), framed)
        done = "created" if is_new else "written"
        session.output.value(found, f"file/{target}: {done} (revision {found['revision']})")


@command.command("read")
@click.argument("name")
@click.option("--revision", type=click.IntRange(min=1), default=None, help="An older one.")
@click.pass_obj
def read(session: Session, name: str, revision: int | None) -> None:
    """Writes the content of NAMESPACE/PATH to the standard output, byte for byte."""
    namespace, path = _parts(name)
    given = {} if revision is None else {"revision": str(revision)}
    data = session.client.read("files:content", {"namespace": namespace, "path": path, **given})
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


@command.command("move")
@click.argument("name")
@click.argument("path")
@click.option("--owner", default=None, help="Who declared it.")
@click.pass_obj
def move(session: Session, name: str, path: str, owner: str | None) -> None:
    """Gives NAMESPACE/PATH another path in its namespace.

    Example: penstock file move company.team/old.sql sql/new.sql
    """
    from penstock.cli.sending import headers  # noqa: PLC0415 - `--help` needs no client

    namespace, old = _parts(name)
    sent: dict[str, Json] = {"namespace": namespace, "from": old, "to": path}
    found = session.client.post("files:move", sent, headers(owner, force=False))
    session.output.value(found, f"file/{namespace}/{path}: moved from {old}")


@command.command("revisions")
@click.argument("name")
@click.pass_obj
def revisions(session: Session, name: str) -> None:
    """Lists the history of NAMESPACE/PATH, newest first."""
    namespace, path = _parts(name)
    items = session.client.get("files:revisions", namespace=namespace, path=path)["items"]
    columns = {
        "REVISION": "revision",
        "SIZE": "size",
        "HASH": "contentHash",
        "OWNER": "owner",
        "AT": "createdAt",
    }
    session.output.table(items, columns)


def _parts(name: str) -> tuple[str, str]:
    address(name)
    namespace, _, path = name.partition("/")
    return namespace, path


def _pairs(name: str, source: Path) -> list[tuple[str, Path]]:
    if not source.is_dir():
        return [(name, source)]
    files = sorted(each for each in source.rglob("*") if each.is_file())
    if not files:
        raise InvalidObject(f"There is no file in {source}.")
    return [(f"{name.rstrip('/')}/{each.relative_to(source).as_posix()}", each) for each in files]
