"""Operations on executions: the commands of ``penstock execution`` that change something."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from penstock.cli.file import pairs
from penstock.cli.given import values_of
from penstock.cli.root import CHANGES, OK
from penstock.errors import InvalidObject

if TYPE_CHECKING:
    from penstock.cli.root import Session

F = TypeVar("F", bound=Callable[..., Any])  # a command
_SELECTION = (
    "namespace",
    "flow",
    "states",
    "query_labels",
    "created_after",
    "created_before",
    "dry_run",
)


def selection(function: F) -> F:
    """IDs, or options that say which executions are meant."""
    for option in (
        click.option("--dry-run", is_flag=True, help="Only show what would be done."),
        click.option("--created-before", default=None, help="Created before this moment."),
        click.option("--created-after", default=None, help="Created at or after this moment."),
        click.option("--with-label", "query_labels", multiple=True, help="key=value. Repeatable."),
        click.option("--in-state", "states", multiple=True, help="A state. Repeatable."),
        click.option("--flow", default=None, help="Those of this flow."),
        click.option("--namespace", default=None, help="Those of it and of namespaces below."),
        click.argument("ids", nargs=-1),
    ):
        function = option(function)
    return function


def _operate(
    session: Session, name: str, options: dict[str, Any], chosen: dict[str, Any]
) -> int:  # JSON objects
    """One execution by its id, or many by ids or query."""
    from penstock.client import segment  # noqa: PLC0415 - `--help` needs no client

    ids = chosen["ids"]
    query = {
        "namespace": chosen["namespace"],
        "flowId": chosen["flow"],
        "states": list(chosen["states"]),
        "labels": dict(pairs(chosen["query_labels"], "--with-label")),
        "createdAfter": chosen["created_after"],
        "createdBefore": chosen["created_before"],
    }
    query = {key: value for key, value in query.items() if value}
    if bool(ids) == bool(query):
        raise InvalidObject(
            "Say which executions are meant: by their ids, or by options such as --namespace."
        )
    if len(ids) == 1 and not chosen["dry_run"] and name != "delete":
        found = session.client.post(f"executions/{segment(ids[0])}/{name}", options)
        session.output.value(found, f"{found['id']}: {found['state']}")
        return OK
    body: dict[str, Any] = {"operation": name, "options": options, "dryRun": chosen["dry_run"]}
    body |= {"ids": list(ids)} if ids else {"query": query}
    answer = session.client.post("executions/bulk", body)
    columns = {"ID": "id", "FLOW": "flowId", "STATE": "state", "OUTCOME": "outcome", "NEW": "newId"}
    if session.output.is_json:
        session.output.value(answer)
    else:
        session.output.table(answer["items"], columns)
        for item in answer["items"]:
            if item["error"]:
                session.output.note(f"{item['id']}: {item['error']}")
    refused = any(item["outcome"] == "refused" for item in answer["items"])
    return CHANGES if refused else OK


@click.command("restart")
@selection
@click.option("--revision", type=int, default=None, help="By this revision, as a new execution.")
@click.pass_obj
def restart(session: Session, *, revision: int | None, **chosen: Any) -> int:  # options
    """Runs what failed again, and what follows it."""
    options = {} if revision is None else {"revision": revision}
    return _operate(session, "restart", options, chosen)


@click.command("replay")
@selection
@click.option("--from-task", default=None, help="Start from this task.")
@click.option("--from-task-run", default=None, help="Start from this task run.")
@click.option("--input", "inputs", multiple=True, help="key=value, instead of the earlier inputs.")
@click.option("--revision", type=int, default=None, help="Another revision of the flow.")
@click.pass_obj
def replay(
    session: Session,
    *,
    from_task: str | None,
    from_task_run: str | None,
    inputs: tuple[str, ...],
    revision: int | None,
    **chosen: Any,  # options
) -> int:
    """Makes a new execution of an earlier one."""
    given: dict[str, Any] = {  # a JSON object
        "taskId": from_task,
        "taskRunId": from_task_run,
        "inputs": values_of(inputs) if inputs else None,
        "revision": revision,
    }
    options = {key: value for key, value in given.items() if value is not None}
    return _operate(session, "replay", options, chosen)


@click.command("kill")
@selection
@click.option("--cascade/--no-cascade", default=True, help="Kill those that it has started, too.")
@click.pass_obj
def kill(session: Session, *, cascade: bool, **chosen: Any) -> int:  # options
    """Ends executions and the work of their tasks now."""
    return _operate(session, "kill", {"cascade": cascade}, chosen)


@click.command("set-state")
@click.argument("id")
@click.argument("state")
@click.option("--task-run", default=None, help="Of this task run; the flow goes on from there.")
@click.pass_obj
def set_state(session: Session, id: str, state: str, *, task_run: str | None) -> int:  # noqa: A002 - the word of the API
    """Gives an ended execution, or one of its task runs, another state."""
    chosen = dict.fromkeys(_SELECTION) | {"ids": (id,), "states": (), "query_labels": ()}
    if task_run is None:
        return _operate(session, "change-status", {"state": state.upper()}, chosen)
    options = {"taskRunId": task_run, "state": state.upper()}
    return _operate(session, "state", options, chosen)


@click.command("labels")
@selection
@click.option("--label", "labels", multiple=True, help="key=value. Repeatable.")
@click.pass_obj
def labels(session: Session, *, labels: tuple[str, ...], **chosen: Any) -> int:  # options
    """Replaces the labels of ended executions; those of the system stay."""
    return _operate(session, "labels", {"labels": dict(pairs(labels, "--label"))}, chosen)


@click.command("pause")
@selection
@click.pass_obj
def pause(session: Session, **chosen: Any) -> int:  # options
    """Starts no further task of executions; what runs may finish."""
    return _operate(session, "pause", {}, chosen)


@click.command("resume")
@selection
@click.option("--input", "inputs", multiple=True, help="key=value that the task asks for.")
@click.option("--task-run", default=None, help="This task run, when several are paused.")
@click.pass_obj
def resume(
    session: Session,
    *,
    inputs: tuple[str, ...],
    task_run: str | None,
    **chosen: Any,  # options
) -> int:
    """Lets paused executions go on, with what their task asks for."""
    options: dict[str, Any] = {"inputs": values_of(inputs)}  # a JSON object
    if task_run is not None:
        options["taskRunId"] = task_run
    return _operate(session, "resume", options, chosen)


@click.command("continue")
@selection
@click.option("--breakpoint", "breakpoints", multiple=True, help="Instead of those before.")
@click.pass_obj
def continue_(session: Session, *, breakpoints: tuple[str, ...], **chosen: Any) -> int:  # options
    """Lets executions go on from a breakpoint."""
    options = {"breakpoints": list(breakpoints)} if breakpoints else {}
    return _operate(session, "resume-from-breakpoint", options, chosen)


@click.command("force-run")
@selection
@click.pass_obj
def force_run(session: Session, **chosen: Any) -> int:  # options
    """Lets executions go on now, whatever they wait for."""
    return _operate(session, "force-run", {}, chosen)


@click.command("unqueue")
@selection
@click.option("--state", default="RUNNING", help="RUNNING, CANCELLED or FAILED.")
@click.pass_obj
def unqueue(session: Session, *, state: str, **chosen: Any) -> int:  # options
    """Takes executions out of the queue for a slot."""
    return _operate(session, "unqueue", {"state": state.upper()}, chosen)


@click.command("delete")
@selection
@click.option("--keep-logs", is_flag=True, help="Keep their log lines.")
@click.option("--keep-metrics", is_flag=True, help="Keep their metrics.")
@click.option("--keep-files", is_flag=True, help="Keep their files.")
@click.pass_obj
def delete(
    session: Session, *, keep_logs: bool, keep_metrics: bool, keep_files: bool, **chosen: Any
) -> int:  # options
    """Removes executions that are over."""
    options = {"logs": not keep_logs, "metrics": not keep_metrics, "storage": not keep_files}
    return _operate(session, "delete", options, chosen)


COMMANDS = (
    restart,
    replay,
    kill,
    set_state,
    labels,
    pause,
    resume,
    continue_,
    force_run,
    unqueue,
    delete,
)
