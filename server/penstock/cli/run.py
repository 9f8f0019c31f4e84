"""``penstock run``: a flow file in this process, without a server."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.cli import flow_files
from penstock.cli.given import input_options, inputs_of, secrets_of
from penstock.cli.interrupt import Interrupts
from penstock.cli.output import fail
from penstock.cli.root import CHANGES, OK
from penstock.errors import InvalidInputs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from penstock.cli.flow_files import FlowFiles
    from penstock.cli.given import Given
    from penstock.cli.root import Session
    from penstock.model.execution import Execution
    from penstock.model.frozen import Json
    from penstock.model.input import Input
    from penstock.runtime.flows import FlowVersion
    from penstock.runtime.local import LocalRunner, Ran

_SIGNALLED = 128
"""Shells say 128 + n for a death by signal n: 130 is Ctrl-C."""


@click.command("run")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--with",
    "others",
    multiple=True,
    type=click.Path(path_type=Path),
    help="File or folder with flows that it calls, and namespaces' variables. Repeatable.",
)
@input_options
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    help="KEY=value. Repeatable. Safer: PENSTOCK_SECRET_<KEY> in the environment.",
)
@click.option(
    "--files",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=None,
    help="Folder whose files are the files of the flow's namespace.",
)
@click.option("--label", "labels", multiple=True, help="key=value. Repeatable.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=None,
    help="Seconds after which it is killed.",
)
@click.option(
    "--events", "with_events", is_flag=True, help="Adds its history, `events`, to the JSON."
)
@click.pass_obj
def command(
    session: Session,
    *,
    file: Path,
    others: tuple[Path, ...],
    inputs: tuple[str, ...],
    inputs_file: Path | None,
    secrets: tuple[str, ...],
    folder: Path | None,
    labels: tuple[str, ...],
    timeout: float | None,
    with_events: bool,
) -> int:
    """Runs the flow in FILE in this process, with the server's engine, and leaves nothing behind.

    Ends with 0 when it succeeds, with 2 when it does not, with 1 when the flow or the inputs do
    not hold, and with 130 after Ctrl-C, which kills it. Triggers are not started.
    """
    from penstock.cli.file import pairs  # noqa: PLC0415 - beside the other arguments

    with Interrupts() as interrupts:
        known = secrets_of(secrets)
        given = inputs_of(inputs, inputs_file)
        tags = dict(pairs(labels, "--label"))
        files = flow_files.read(file, others)
        _warn(session, files, known, given)
        ran = _run(
            session,
            files,
            known,
            given=given,
            labels=tags,
            timeout=timeout,
            by=interrupts,
            folder=folder,
            with_events=with_events,
        )
    if interrupts.number is not None:
        return _SIGNALLED + interrupts.number
    state = ran.execution.state
    if ran.timed_out and state == "KILLED":
        said = f"The execution took longer than {timeout:g} s and was killed."
        fail(said, is_json=session.output.is_json)
    if ran.is_waiting:
        said = f"The execution is {state} and waits for somebody: a server would keep it."
        fail(said, hint="Nothing else is left to do here.", is_json=session.output.is_json)
    return OK if state in ("SUCCESS", "WARNING") else CHANGES


def _warn(session: Session, files: FlowFiles, secrets: dict[str, str], given: Given) -> None:
    from penstock.language.inputs import unknown_inputs  # noqa: PLC0415 - `--help` needs none

    main = files.main
    session.output.problems(
        [
            *(replace(each, file=str(main.path)) for each in main.parsed.warnings),
            *unknown_inputs(main.flow.inputs, given.all),
            *files.missing(secrets),
        ]
    )


def _run(
    session: Session,
    files: FlowFiles,
    secrets: dict[str, str],
    *,
    given: Given,
    labels: dict[str, str],
    timeout: float | None,
    by: Interrupts,
    folder: Path | None,
    with_events: bool,
) -> Ran:
    # `--help` and a flow with mistakes need no engine.
    from penstock.cli.run_text import Lines, summary  # noqa: PLC0415
    from penstock.runtime.environment import environment_of  # noqa: PLC0415
    from penstock.runtime.local import LocalRunner, Patience  # noqa: PLC0415
    from penstock.service import form  # noqa: PLC0415
    from penstock.telemetry.log import configure  # noqa: PLC0415

    configure("error")
    environment = environment_of(os.environ, name=os.environ.get("PENSTOCK_ENVIRONMENT"), url=None)
    with LocalRunner(secrets=secrets, environment=environment) as runner:
        runner.store.add([(each.flow, each.source) for each in files.all])
        for namespace, spec in files.namespaces.items():
            runner.store.declare(namespace, spec)
        if folder is not None:
            runner.store.add_files(files.main.flow.namespace, folder)
        execution, version = _prepared(runner, files, given, labels)
        lines = None if session.output.is_json else Lines(execution.id)
        ran = runner.run(
            execution, version, on_line=lines, patience=Patience(timeout, by.stop, by.leave)
        )
        events: list[Json] = []
        if with_events:
            events += [form.event(each) for each in runner.events(execution.id)]
    shown = form.execution(ran.execution)
    session.output.value(
        {**shown, "events": events} if with_events else shown, summary(ran.execution)
    )
    return ran


def _prepared(
    runner: LocalRunner, files: FlowFiles, given: Given, labels: dict[str, str]
) -> tuple[Execution, FlowVersion]:
    """The execution; a problem of an input is shown where the flow declares it."""
    from penstock.service.upload import Upload  # noqa: PLC0415 - `--help` needs none

    main = files.main
    try:
        uploads = [Upload(name, path.name, path) for name, path in given.files.items()]
        return runner.prepare(*main.key, given.values, labels=labels, uploads=uploads)
    except InvalidInputs as error:
        places = dict(_places(main.flow.inputs))
        problems = [
            replace(main.problem(places[each.path], each), path=each.path)
            if each.path in places
            else each
            for each in error.problems
        ]
        flow = f"{main.flow.namespace}/{main.flow.id}"
        message = f"The inputs do not fit the flow {flow}." if problems else error.message
        raise InvalidInputs(message, problems=problems, hint=error.hint) from None


def _places(inputs: Sequence[Input]) -> Iterator[tuple[str, str]]:
    """The path of each input's problems, and the place where the flow declares it."""
    from penstock.model.input import FormInput  # noqa: PLC0415 - `--help` needs none

    for number, declared in enumerate(inputs):
        yield f"inputs.{declared.id}", f"inputs[{number}]"
        for at, child in enumerate(declared.inputs if isinstance(declared, FormInput) else ()):
            yield f"inputs.{declared.id}.{child.id}", f"inputs[{number}].inputs[{at}]"
