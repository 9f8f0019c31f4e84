"""``penstock tenant``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from penstock.cli.file import pairs

if TYPE_CHECKING:
    from penstock.cli.root import Session
    from penstock.model.frozen import Json


@click.group("tenant")
def command() -> None:
    """Tenants: worlds apart on one server; for tokens of scope `server`."""


@command.command("list")
@click.pass_obj
def list_(session: Session) -> None:
    """Lists tenants by name."""
    columns = {"TENANT": "id", "OWNER": "owner", "CREATED": "createdAt", "FOR": "description"}
    session.output.table(list(session.client.pages("/tenants")), columns)


@command.command("get")
@click.argument("name")
@click.pass_obj
def get(session: Session, name: str) -> None:
    """Reads one."""
    session.output.value(session.client.get(_path(name)), None)


@command.command("put")
@click.argument("name")
@click.option("--description", default=None, help="For people.")
@click.option("--label", "labels", multiple=True, help="key=value. Repeatable.")
@click.option("--owner", default=None, help="Who declares it.")
@click.pass_obj
def put(
    session: Session,
    name: str,
    *,
    description: str | None,
    labels: tuple[str, ...],
    owner: str | None,
) -> None:
    """Creates or replaces a tenant; what is not given is left empty."""
    from penstock.cli.sending import headers  # noqa: PLC0415 - `--help` needs no client

    body: dict[str, Json] = {
        "description": description,
        "labels": {**dict(pairs(labels, "--label"))},
    }
    found, is_new = session.client.put(_path(name), body, headers(owner, force=False))
    done = "created" if is_new else "written"
    session.output.value(found, f"tenant/{name}: {done} (revision {found['revision']})")


@command.command("delete")
@click.argument("name")
@click.option("--owner", default=None, help="Who declared it.")
@click.option("--force-owner", is_flag=True, help="Delete it though another owns it.")
@click.pass_obj
def delete(session: Session, name: str, owner: str | None, *, force_owner: bool) -> None:
    """Removes a tenant that holds nothing."""
    from penstock.cli.sending import headers  # noqa: PLC0415 - `--help` needs no client

    session.client.delete(_path(name), headers(owner, force=force_owner))
    session.output.value({"deleted": name}, f"{name}: deleted")


def _path(name: str) -> str:
    from penstock.client import segment  # noqa: PLC0415 - `--help` needs no client

    return f"/tenants/{segment(name)}"
