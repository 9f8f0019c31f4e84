"""``penstock token``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from penstock.errors import InvalidObject

if TYPE_CHECKING:
    from penstock.cli.root import Session
    from penstock.model.frozen import Json


@click.group("token")
def command() -> None:
    """API tokens."""


@command.command("list")
@click.pass_obj
def list_(session: Session) -> None:
    """Lists tokens by name, without their texts."""
    columns = {
        "NAME": "name",
        "PREFIX": "prefix",
        "ACCESS": "access",
        "SCOPE": "scope",
        "CREATED": "createdAt",
        "BY": "createdBy",
        "EXPIRES": "expiresAt",
    }
    session.output.table(list(session.client.pages("tokens")), columns)


@command.command("get")
@click.argument("name")
@click.pass_obj
def get(session: Session, name: str) -> None:
    """Reads what is known of a token, without its text."""
    from penstock.client import segment  # noqa: PLC0415 - `--help` needs no client

    session.output.value(session.client.get(f"tokens/{segment(name)}"), None)


@command.command("put")
@click.argument("name")
@click.option("--expires-at", default=None, help="Such as 2030-01-31T00:00:00Z.")
@click.option(
    "--for",
    "ttl",
    default=None,
    help="How long it lasts, such as PT1H: one that is removed some time after that.",
)
@click.option("--description", default=None, help="For people.")
@click.option(
    "--access",
    type=click.Choice(["write", "read"]),
    default="write",
    show_default=True,
    help="To change things, or only to read and to plan.",
)
@click.option(
    "--scope",
    type=click.Choice(["tenant", "server"]),
    default=None,
    help="Its tenant, or every tenant and tenants themselves.",
)
@click.option(
    "--from-env",
    default=None,
    help="Name of an environment variable with the text; replaces a token that is there.",
)
@click.option("--owner", default=None, help="Who declares it.")
@click.pass_obj
def put(
    session: Session,
    name: str,
    *,
    expires_at: str | None,
    ttl: str | None,
    description: str | None,
    access: str,
    scope: str | None,
    from_env: str | None,
    owner: str | None,
) -> None:
    """Makes a token; its text is shown this once, alone on stdout.

    With --from-env the text is yours, and nothing is shown.
    """
    from penstock.cli.sending import headers  # noqa: PLC0415 - `--help` needs no client
    from penstock.client import segment  # noqa: PLC0415 - `--help` needs no client

    body: dict[str, Json] = {"description": description, "access": access, "scope": scope}
    if expires_at is not None:
        body["expiresAt"] = expires_at
    framed = headers(owner, force=False)
    if ttl is not None and from_env is not None:
        raise InvalidObject("--for is for a token whose text the server makes; use --expires-at.")
    if from_env is not None:
        value = os.environ.get(from_env)
        if value is None:
            raise InvalidObject(f"There is no environment variable {from_env}.")
        found, is_new = session.client.put(
            f"tokens/{segment(name)}", {**body, "value": value}, framed
        )
        done = "created" if is_new else "written"
        session.output.value(found, f"token/{name}: {done} (revision {found['revision']})")
        return
    if ttl is not None:
        body |= {"ttl": ttl, "ephemeral": True}
    made = session.client.post("tokens", {"name": name, **body}, framed)
    session.output.note(f"The token {name}; it is not shown again:")
    session.output.value(made, made["token"])


@command.command("delete")
@click.argument("name")
@click.option("--owner", default=None, help="Who declared it.")
@click.option("--force-owner", is_flag=True, help="Revoke it though another owns it.")
@click.pass_obj
def delete(session: Session, name: str, owner: str | None, *, force_owner: bool) -> None:
    """Revokes a token at once."""
    from penstock.cli.sending import headers  # noqa: PLC0415 - `--help` needs no client
    from penstock.client import segment  # noqa: PLC0415 - `--help` needs no client

    session.client.delete(f"tokens/{segment(name)}", headers(owner, force=force_owner))
    session.output.value({"deleted": name}, f"{name}: revoked")
