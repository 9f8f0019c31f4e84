"""``penstock execution``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from penstock.cli import execution_start
from penstock.cli.file import pairs
from penstock.cli.given import input_options, inputs_of
from penstock.cli.operation import COMMANDS
from penstock.cli.root import CHANGES, ERROR, OK

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.cli.root import Session


@click.group("execution")
def command() -> None:
    """Executions: runs of flows."""


@command.command("run")
@click.argument("name")
@input_options
@click.option("--label", "labels", multiple=True, help="key=value. Repeatable.")
@click.option("--revision", type=int, default=None, help="An older revision of the flow.")
@click.option("--at", default=None, help="Start at this moment, such as 2026-12-31T08:00:00Z.")
@click.option("--breakpoint", "breakpoints", multiple=True, help="Stop before it. Repeatable.")
@click.option("--follow", "-f", is_flag=True, help="Show logs and wait for the end.")
@click.pass_obj
def run(
    session: Session,
    name: str,
    *,
    inputs: tuple[str, ...],
    inputs_file: Path | None,
    labels: tuple[str, ...],
    revision: int | None,
    at: str | None,
    breakpoints: tuple[str, ...],
    follow: bool,
) -> int:
    """Starts an execution of NAMESPACE/FLOW.

    With --follow it ends with 2 when the execution did not succeed.
    """
    given = inputs_of(inputs, inputs_file)
    body = execution_start.request(name, given, revision=revision)
    body["labels"] = dict(pairs(labels, "--label"))
    if at is not None:
        body["scheduleDate"] = at
    if breakpoints:
        body["breakpoints"] = list(breakpoints)
    made = execution_start.send(session, body, given)
    if not follow:
        session.output.value(made, made["id"])
        return OK
    session.output.note(f"Execution {made['id']} of {name}")
    return _follow(session, made["id"])


@command.command("validate")
@click.argument("name")
@input_options
@click.option("--revision", type=int, default=None, help="An older revision of the flow.")
@click.pass_obj
def validate(
    session: Session,
    name: str,
    *,
    inputs: tuple[str, ...],
    inputs_file: Path | None,
    revision: int | None,
) -> int:
    """Says what inputs an execution of NAMESPACE/FLOW would have, and starts nothing.

    Ends with 1 when it would not start. Files are told by name and are not sent.
    """
    given = inputs_of(inputs, inputs_file)
    body = execution_start.request(name, given, revision=revision)
    names = {key: path.resolve().as_uri() for key, path in given.files.items()}
    body["inputs"] = {**given.values, **names}
    found = session.client.post("executions:validate", body)
    session.output.value(found, execution_start.told(found))
    return OK if found["valid"] else ERROR


@command.command("list")
@click.option("--namespace", default=None, help="Only this namespace and those below it.")
@click.option("--flow", default=None, help="Only of this flow.")
@click.option("--state", "states", multiple=True, help="Only in this state. Repeatable.")
@click.option("--label", "labels", multiple=True, help="Only with key=value. Repeatable.")
@click.option("--created-after", default=None, help="Created at or after this moment.")
@click.option("--created-before", default=None, help="Created before this moment.")
@click.option("--trigger", default=None, help="Started by the trigger or schedule of this id.")
@click.option("--parent", default=None, help="Started by the execution with this id.")
@click.option("--original", default=None, help="Made of the execution with this id.")
@click.option(
    "--top-level/--children",
    default=None,
    help="Only those that no execution has started, or only the others.",
)
@click.option("--limit", type=int, default=50, help="How many, newest first.")
@click.pass_obj
def list_(
    session: Session,
    *,
    namespace: str | None,
    flow: str | None,
    states: tuple[str, ...],
    labels: tuple[str, ...],
    created_after: str | None,
    created_before: str | None,
    trigger: str | None,
    parent: str | None,
    original: str | None,
    top_level: bool | None,
    limit: int,
) -> None:
    """Lists executions, newest first; those that fit all that is given."""
    found = session.client.get(
        "executions",
        namespace=namespace,
        flowId=flow,
        state=[state.upper() for state in states],
        label=[f"{key}:{value}" for key, value in pairs(labels, "--label")],
        createdAfter=created_after,
        createdBefore=created_before,
        trigger=trigger,
        parentId=parent,
        originalId=original,
        topLevel=None if top_level is None else str(top_level).lower(),
        limit=limit,
    )
    columns = {
        "ID": "id",
        "NAMESPACE": "namespace",
        "FLOW": "flowId",
        "STATE": "state",
        "CREATED": "createdAt",
        "ENDED": "endedAt",
    }
    session.output.table(found["items"], columns)


@command.command("get")
@click.argument("id")
@click.pass_obj
def get(session: Session, id: str) -> None:  # noqa: A002 - the word of the API
    """Reads an execution with its task runs."""
    found = session.client.get(_path(id))
    if found["nextTaskRunCursor"] is not None:
        found["taskRuns"] = list(session.client.pages(f"{_path(id)}/task-runs", limit=1_000))
        found["nextTaskRunCursor"] = None
    session.output.value(found, _summary(found))


@command.command("logs")
@click.argument("id")
@click.option("--follow", "-f", is_flag=True, help="Go on until the execution ends.")
@click.option("--min-level", default=None, help="TRACE, DEBUG, INFO, WARN or ERROR.")
@click.pass_obj
def logs(session: Session, id: str, *, follow: bool, min_level: str | None) -> int:  # noqa: A002 - as above
    """Shows the log of an execution."""
    if follow:
        return _follow(session, id)
    lines = list(session.client.pages(f"{_path(id)}/logs", minLevel=min_level))
    if session.output.is_json:
        session.output.value(lines)
    else:
        for line in lines:
            click.echo(_line(line))
    return OK


for operation in COMMANDS:
    command.add_command(operation)


def _follow(session: Session, execution_id: str) -> int:
    shown: dict[str, Any] = {}  # a JSON object
    for name, data in session.client.events(f"{_path(execution_id)}/follow"):
        if name in ("snapshot", "change"):
            shown = data
        elif name == "log" and not session.output.is_json:
            click.echo(_line(data))
    session.output.value(shown, _summary(shown))
    return OK if shown.get("state") in ("SUCCESS", "WARNING") else CHANGES


def _path(execution_id: str) -> str:
    from penstock.client import segment  # noqa: PLC0415 - `--help` needs no client

    return f"executions/{segment(execution_id)}"


def _line(line: dict[str, Any]) -> str:  # a JSON object
    task = f" {line['taskId']}" if line["taskId"] else ""
    return f"{line['at'][11:23]} {line['level']:<5}{task}: {line['message']}"


def _summary(found: dict[str, Any]) -> str:  # a JSON object
    lines = [f"{found['id']} {found['namespace']}/{found['flowId']}: {found['state']}"]
    if found.get("error"):
        lines.append(f"  {found['error']['message']}")
    for run_ in found.get("taskRuns", []):
        value = f" [{run_['value']}]" if run_["value"] is not None else ""
        error = f": {run_['error']['message']}" if run_["error"] else ""
        lines.append(f"  {run_['taskId']}{value} {run_['state']}{error}")
    if found.get("outputs"):
        lines.append(f"  outputs {json.dumps(found['outputs'], ensure_ascii=False)}")
    return "\n".join(lines)
