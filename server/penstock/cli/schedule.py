"""``penstock schedule``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from penstock.cli.file import pairs
from penstock.cli.named import add_readers, address, written
from penstock.cli.switch import add_switch

if TYPE_CHECKING:
    from penstock.cli.root import Session
    from penstock.model.frozen import Json


@click.group("schedule")
def command() -> None:
    """Schedules: flows on a timetable."""


add_readers(
    command,
    "schedules",
    {
        "NAMESPACE": "namespace",
        "ID": "id",
        "FLOW": "flowId",
        "CRON": "cron",
        "TIMEZONE": "timezone",
        "DISABLED": "effectiveDisabled",
        "NEXT": "nextFireAt",
    },
)


@command.command("put")
@click.argument("name")
@click.option("--flow", required=True, help="Id of the flow, in the same namespace.")
@click.option("--cron", required=True, help='Such as "30 6 * * 1-5".')
@click.option("--timezone", default="UTC", help="Such as Europe/Berlin.")
@click.option("--input", "inputs", multiple=True, help="key=value. Repeatable.")
@click.option("--disabled", is_flag=True, help="Keep it without firing it.")
@click.option("--allow-concurrent", is_flag=True, help="Start although the last one still runs.")
@click.option("--description", default=None, help="For people.")
@click.option("--owner", default=None, help="Who declares it.")
@click.pass_obj
def put(
    session: Session,
    name: str,
    *,
    flow: str,
    cron: str,
    timezone: str,
    inputs: tuple[str, ...],
    disabled: bool,
    allow_concurrent: bool,
    description: str | None,
    owner: str | None,
) -> None:
    """Creates or replaces NAMESPACE/ID."""
    body = {
        "flowId": flow,
        "cron": cron,
        "timezone": timezone,
        "inputs": dict(pairs(inputs, "--input")),
        "disabled": disabled,
        "allowConcurrent": allow_concurrent,
        "description": description,
    }
    written(session, "schedules", name=address(name), body=body, owner=owner)


def _operate(session: Session, name: str, operation: str, body: dict[str, Json]) -> None:
    session.output.value(session.client.post(f"schedules/{address(name)}/{operation}", body))


add_switch(
    command, "disable", _operate, "Keeps NAMESPACE/ID from starting anything, whatever is declared."
)
add_switch(
    command,
    "enable",
    _operate,
    "Lets NAMESPACE/ID start its flow, though it is declared as disabled.",
)


@command.command("follow")
@click.argument("name")
@click.pass_obj
def follow(session: Session, name: str) -> None:
    """Lets NAMESPACE/ID do what is declared again."""
    _operate(session, name, "follow", {})
