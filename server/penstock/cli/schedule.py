"""``penstock schedule``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from penstock.cli.file import pairs
from penstock.cli.named import add_readers, address, written

if TYPE_CHECKING:
    from penstock.cli.root import Session


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
        "DISABLED": "disabled",
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
