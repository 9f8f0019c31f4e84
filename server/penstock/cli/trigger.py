"""``penstock trigger``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from penstock.cli.file import pairs
from penstock.cli.switch import add_switch

if TYPE_CHECKING:
    from penstock.cli.root import Session
    from penstock.model.frozen import Json


@click.group("trigger")
def command() -> None:
    """Triggers: what starts flows, switched on and off, and run for the past."""


_COLUMNS = {
    "NAMESPACE": "namespace",
    "FLOW": "flowId",
    "ID": "id",
    "TYPE": "type",
    "DISABLED": "disabled",
    "NEXT": "nextAt",
    "LAST": "lastAt",
}


@command.command("list")
@click.option("--namespace", default=None, help="Only this namespace and those below it.")
@click.option("--flow", default=None, help="Only those of flows of this id.")
@click.pass_obj
def list_all(session: Session, namespace: str | None, flow: str | None) -> None:
    """Lists the triggers of flows."""
    items = list(session.client.pages("triggers", namespace=namespace, flow=flow))
    session.output.table(items, _COLUMNS)


@command.command("get")
@click.argument("name")
@click.pass_obj
def get(session: Session, name: str) -> None:
    """Shows NAMESPACE/FLOW/ID."""
    session.output.value(session.client.get(_path(name)))


def _path(name: str) -> str:
    from penstock.client import segment  # noqa: PLC0415 - `--help` needs no client

    parts = name.split("/")
    if len(parts) != 3 or not all(parts):  # noqa: PLR2004 - namespace, flow and id
        raise click.BadParameter(f"`{name}` is not NAMESPACE/FLOW/ID.")
    return "triggers/" + "/".join(segment(part) for part in parts)


def _post(session: Session, name: str, operation: str, body: dict[str, Json]) -> None:
    session.output.value(session.client.post(f"{_path(name)}/{operation}", body))


add_switch(
    command,
    "disable",
    _post,
    "Keeps NAMESPACE/FLOW/ID from starting anything, whatever its flow says.",
)
add_switch(
    command, "enable", _post, "Lets NAMESPACE/FLOW/ID start its flow, whatever the flow says."
)


def _plain(operation: str, text: str) -> None:
    @command.command(operation, help=text)
    @click.argument("name")
    @click.pass_obj
    def act(session: Session, name: str) -> None:
        _post(session, name, operation, {})


_plain("follow", "Lets NAMESPACE/FLOW/ID do what its flow says again.")
_plain("unlock", "Forgets the execution for whose end NAMESPACE/FLOW/ID waits.")
_plain("restart", "Lets NAMESPACE/FLOW/ID begin anew from now.")
_plain("forget", "Forgets everything about NAMESPACE/FLOW/ID but what its flow says.")
_plain("pause-backfill", "Stops starting dates of the backfill of NAMESPACE/FLOW/ID.")
_plain("unpause-backfill", "Goes on with the backfill of NAMESPACE/FLOW/ID.")
_plain("delete-backfill", "Ends the backfill of NAMESPACE/FLOW/ID.")


@command.command("backfill")
@click.argument("name")
@click.option("--start", required=True, help="Such as 2026-01-01T00:00:00Z.")
@click.option("--end", default=None, help="Now, by default.")
@click.option("--input", "inputs", multiple=True, help="key=value. Repeatable.")
@click.option("--label", "labels", multiple=True, help="key=value. Repeatable.")
@click.option("--paused", is_flag=True, help="Start nothing yet.")
@click.pass_obj
def backfill(
    session: Session,
    name: str,
    *,
    start: str,
    end: str | None,
    inputs: tuple[str, ...],
    labels: tuple[str, ...],
    paused: bool,
) -> None:
    """Runs the dates of NAMESPACE/FLOW/ID between two moments of the past."""
    body: dict[str, Json] = {
        "start": start,
        "inputs": dict(pairs(inputs, "--input")),
        "labels": dict(pairs(labels, "--label")),
        "paused": paused,
    }
    _post(session, name, "backfill", body | ({} if end is None else {"end": end}))
