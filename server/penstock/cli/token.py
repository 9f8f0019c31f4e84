"""``penstock token``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

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
        "CREATED": "createdAt",
        "BY": "createdBy",
        "EXPIRES": "expiresAt",
    }
    session.output.table(list(session.client.pages("tokens")), columns)


@command.command("put")
@click.argument("name")
@click.option("--expires-at", default=None, help="Such as 2030-01-31T00:00:00Z.")
@click.pass_obj
def put(session: Session, name: str, expires_at: str | None) -> None:
    """Makes a token; its text is shown this once, alone on stdout."""
    body: dict[str, Json] = {"name": name}
    if expires_at is not None:
        body["expiresAt"] = expires_at
    made = session.client.post("tokens", body)
    session.output.note(f"The token {name}; it is not shown again:")
    session.output.value(made, made["token"])


@command.command("delete")
@click.argument("name")
@click.pass_obj
def delete(session: Session, name: str) -> None:
    """Revokes a token at once."""
    from penstock.client import segment  # noqa: PLC0415 - `--help` needs no client

    session.client.delete(f"tokens/{segment(name)}")
    session.output.value({"deleted": name}, f"{name}: revoked")
