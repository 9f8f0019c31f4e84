"""Arguments that name an object, and the commands that every kind has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from penstock.errors import InvalidObject

if TYPE_CHECKING:
    from penstock.cli.root import Session


def address(text: str) -> str:
    """``NAMESPACE/ID`` as a path of the API. Raises `InvalidObject`."""
    from penstock.client import segment  # noqa: PLC0415 - `--help` needs no client

    namespace, separator, name = text.partition("/")
    if not separator or not namespace or not name:
        raise InvalidObject(f"`{text}` is not of the form NAMESPACE/ID.")
    return f"{segment(namespace)}/{segment(name)}"


def add_readers(
    group: click.Group, collection: str, columns: Mapping[str, str], *, is_namespace: bool = False
) -> None:
    """Adds `list`, `get` and `delete` for a collection of the API."""

    def path(name: str) -> str:
        from penstock.client import segment  # noqa: PLC0415 - `--help` needs no client

        return f"{collection}/{segment(name) if is_namespace else address(name)}"

    @group.command("list")
    @click.option("--namespace", default=None, help="Only this namespace and those below it.")
    @click.pass_obj
    def list_(session: Session, namespace: str | None) -> None:
        """Lists them in order."""
        items = list(session.client.pages(collection, namespace=namespace))
        session.output.table(items, columns)

    @group.command("get")
    @click.argument("name")
    @click.pass_obj
    def get(session: Session, name: str) -> None:
        """Reads one."""
        found = session.client.get(path(name))
        session.output.value(found, found.get("source"))

    @group.command("delete")
    @click.argument("name")
    @click.option("--owner", default=None, help="Who declared it.")
    @click.option("--force-owner", is_flag=True, help="Delete it though another owns it.")
    @click.pass_obj
    def delete(session: Session, name: str, owner: str | None, *, force_owner: bool) -> None:
        """Removes one that nothing else needs."""
        from penstock.cli.sending import headers  # noqa: PLC0415 - `--help` needs no client

        session.client.delete(path(name), headers(owner, force=force_owner))
        session.output.value({"deleted": name}, f"{name}: deleted")


def written(
    session: Session, collection: str, *, name: str, body: Any, owner: str | None = None
) -> None:  # a JSON object
    """Puts an object and says what became of it."""
    from penstock.cli.sending import headers  # noqa: PLC0415 - `--help` needs no client

    found, is_new = session.client.put(f"{collection}/{name}", body, headers(owner, force=False))
    parts = (found["kind"], found["namespace"], found.get("id") or found.get("key"))
    shown = "/".join(part for part in parts if part)
    done = "created" if is_new else "written"
    session.output.value(found, f"{shown}: {done} (revision {found['revision']})")
