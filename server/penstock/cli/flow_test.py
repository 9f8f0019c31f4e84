"""``penstock flow-test``: tests of flows that a server keeps and runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.cli import file
from penstock.cli.named import add_readers, address, written
from penstock.cli.root import CHANGES, OK
from penstock.errors import InvalidObject

if TYPE_CHECKING:
    from penstock.cli.root import Session


@click.group("flow-test")
def command() -> None:
    """Tests of flows on the server; `penstock test` runs those of files without one."""


add_readers(
    command,
    "tests",
    {"NAMESPACE": "namespace", "ID": "id", "FLOW": "flowId", "OWNER": "owner"},
)


@command.command("put")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--owner", default=None, help="Who declares it.")
@click.pass_obj
def put(session: Session, path: Path, *, owner: str | None) -> None:
    """Creates or replaces the tests in a file."""
    (found,) = file.read([path])
    if found.kind != "test" or found.id is None:
        raise InvalidObject(
            f"{path} holds no tests of a flow.",
            hint="They have `id`, `namespace`, `flowId` and `cases`.",
        )
    name = address(f"{found.namespace}/{found.id}")
    written(session, "tests", name=name, body=found.spec, owner=owner)


@command.command("run")
@click.argument("name")
@click.pass_obj
def run(session: Session, name: str) -> int:
    """Runs tests against the present content of their flow. Ends with 2 when one fails."""
    found = session.client.post(f"tests/{address(name)}/run")
    lines = [f"{name}: {found['passed']} passed, {found['failed']} failed"]
    for case in found["cases"]:
        lines += [
            f"  {case['id']}: line {problem['line']}: {problem['message']}"
            for problem in case["problems"]
        ]
    session.output.value(found, "\n".join(lines))
    return CHANGES if found["failed"] else OK


@command.command("results")
@click.argument("name")
@click.option("--flow-hash", default=None, help="Only those for this content of the flow.")
@click.pass_obj
def results(session: Session, name: str, *, flow_hash: str | None) -> None:
    """Lists what became of tests, the latest first."""
    query = {} if flow_hash is None else {"flowHash": flow_hash}
    found = session.client.get(f"tests/{address(name)}/results", **query)
    session.output.table(
        found["items"],
        {"AT": "at", "PASSED": "passed", "FAILED": "failed", "FLOW": "flowHash", "BY": "actor"},
    )
