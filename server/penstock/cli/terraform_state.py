"""``penstock terraform-state``: what this server keeps for Terraform's `http` backend."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from penstock.errors import Conflict, NotFound

if TYPE_CHECKING:
    from penstock.cli.root import Session


@click.group("terraform-state")
def command() -> None:
    """States that this server keeps for Terraform's `http` backend."""


@command.command("list")
@click.pass_obj
def list_(session: Session) -> None:
    """Lists workspaces: serial, size in bytes, and who holds the lock for how long."""
    items = list(session.client.pages("terraform-state"))
    if session.output.is_json:
        session.output.value(items)
        return
    columns = {
        "WORKSPACE": "workspace",
        "SERIAL": "serial",
        "SIZE": "size",
        "UPDATED": "updatedAt",
        "BY": "updatedBy",
        "LOCK": "lock",
    }
    session.output.table([{**each, "lock": _held(each["lock"])} for each in items], columns)


@command.command("get")
@click.argument("workspace")
@click.option("--version", "number", type=int, default=None, help="An older version.")
@click.pass_obj
def get(session: Session, workspace: str, number: int | None) -> None:
    """Writes a state to stdout, byte for byte. It may hold secrets of other providers."""
    path = _path(workspace, *(() if number is None else ("versions", str(number))))
    click.echo(session.client.read(path, {}), nl=False)


@command.command("versions")
@click.argument("workspace")
@click.pass_obj
def versions(session: Session, workspace: str) -> None:
    """Lists the versions that are kept, newest first; one without serial deleted the state."""
    columns = {
        "VERSION": "version",
        "SERIAL": "serial",
        "SIZE": "size",
        "AT": "at",
        "BY": "by",
        "RUN": "runId",
    }
    session.output.table(session.client.get(_path(workspace, "versions"))["items"], columns)


@command.command("restore")
@click.argument("workspace")
@click.argument("number", type=int, metavar="VERSION")
@click.pass_obj
def restore(session: Session, workspace: str, number: int) -> None:
    """Makes the content of VERSION the newest version, while nobody holds the lock."""
    made = session.client.post(_path(workspace, "versions", f"{number}:restore"))
    text = f"{workspace}: restored as version {made['version']} (serial {made['serial']})"
    session.output.value(made, text)


@command.command("unlock")
@click.argument("workspace")
@click.option("--id", "lock_id", default=None, help="Only if the lock is this one.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def unlock(session: Session, workspace: str, lock_id: str | None, *, yes: bool) -> None:
    """Takes the lock away from a run that is dead. One that lives may then write no more."""
    states = session.client.pages("terraform-state")
    found = next((each for each in states if each["workspace"] == workspace), None)
    if found is None:
        raise NotFound(f"There is no state {workspace}, and no lock of one.")
    lock = found["lock"]
    if lock is None:
        session.output.value({"unlocked": None}, f"{workspace}: nobody holds a lock")
        return
    if lock_id is not None and lock_id != lock["id"]:
        raise Conflict(f"The lock of {workspace} is {lock['id']}, of {_held(lock)}.")
    if lock_id is None and not yes:
        click.confirm(f"Take the lock away from {_held(lock)}?", abort=True, err=True)
    session.client.delete(_path(workspace, "lock"), ID=lock["id"])
    session.output.value({"unlocked": lock}, f"{workspace}: unlocked, was held by {_held(lock)}")


@command.command("delete")
@click.argument("workspace")
@click.option("--purge", is_flag=True, help="Its versions too, for good.")
@click.pass_obj
def delete(session: Session, workspace: str, *, purge: bool) -> None:
    """Removes a state; its versions stay for a restore. What it describes is left as it is."""
    session.client.delete(_path(workspace), purge="true" if purge else None)
    session.output.value({"deleted": workspace}, f"{workspace}: deleted")


def _path(workspace: str, *more: str) -> str:
    from penstock.client import segment  # noqa: PLC0415 - `--help` needs no client

    return "/".join(("terraform-state", segment(workspace), *more))


def _held(lock: dict[str, Any] | None) -> str | None:  # a JSON object
    """Who holds a lock, and for how long."""
    if lock is None:
        return None
    age = datetime.now(UTC) - datetime.fromisoformat(lock["lockedAt"])
    whole = timedelta(seconds=max(0, round(age.total_seconds())))
    operation = (lock["operation"] or "").removeprefix("OperationType").lower()
    parts = (lock["who"] or lock["lockedBy"], operation, f"for {whole}")
    return " ".join(part for part in parts if part)
