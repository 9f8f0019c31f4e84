"""Operations on executions: what each takes, and how it is asked of the executor."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Annotated, TypeVar, cast

from pydantic import Field

from penstock.engine.advance import is_over
from penstock.engine.breakpoint import check_breakpoint
from penstock.engine.operation import (
    ForceRun,
    Operation,
    PauseRequested,
    Restart,
    ResumeFromBreakpoint,
    ResumeRequested,
    SetLabels,
    SetState,
    SetTaskRunState,
    Unqueue,
    Wish,
)
from penstock.engine.queue import check_force_run, check_unqueue
from penstock.engine.restart import check_ended, check_labels, check_restart
from penstock.errors import Conflict, InvalidObject, NotFound
from penstock.model.execution import Execution
from penstock.model.frozen import Frozen, Json
from penstock.model.problem import Problem
from penstock.model.state import State
from penstock.security.caller import Caller
from penstock.service import again, form, removal
from penstock.service.services import Services
from penstock.service.spec import read
from penstock.store import execution as rows
from penstock.store.audit import AuditRecord

Options = TypeVar("Options", bound=Frozen)
Revision = Annotated[
    int | None, Field(ge=1, lt=2**31, description="A revision of the flow, other than its own.")
]


class Nothing(Frozen):
    """An operation that takes nothing."""


class Restarting(Frozen):
    """A restart; with a revision it makes a new execution."""

    revision: Revision = None


class Killing(Frozen):
    """A kill."""

    cascade: Annotated[
        bool, Field(description="Whether the executions that it has started are killed too.")
    ] = True


class TaskRunState(Frozen):
    """The state of one task run."""

    task_run_id: Annotated[str, Field(description="Which task run.")]
    state: Annotated[State, Field(description="SUCCESS, WARNING, FAILED or CANCELLED.")]


class FinalState(Frozen):
    """The state of an execution."""

    state: Annotated[State, Field(description="SUCCESS, WARNING, FAILED or CANCELLED.")]


class NewLabels(Frozen):
    """The labels of an execution."""

    labels: Annotated[
        dict[str, str], Field(description="All of them; those of the system stay as they are.")
    ]


class Unqueueing(Frozen):
    """What becomes of an execution that waits for a slot."""

    state: Annotated[State, Field(description="RUNNING, CANCELLED or FAILED.")] = State.RUNNING


class Resuming(Frozen):
    """A resume."""

    task_run_id: Annotated[
        str | None, Field(description="The paused task run, when there are several.")
    ] = None
    inputs: Annotated[
        dict[str, Json], Field(description="What the paused task asks for as `onResume`.")
    ] = Field(default_factory=dict)


class Continuing(Frozen):
    """Going on from a breakpoint."""

    breakpoints: Annotated[
        tuple[str, ...] | None, Field(description="Breakpoints instead of those before.")
    ] = None


Ask = Callable[[Services, Caller, Execution, Frozen], Future[Execution | None]]


def _possible(_: Execution) -> None:
    """Whatever state it has."""


def _check_pause(found: Execution) -> None:
    if found.state not in {State.RUNNING, State.RETRYING}:
        raise Conflict(
            f"The execution is {found.state.value}; only one that is RUNNING can be paused."
        )


def _check_resume(found: Execution) -> None:
    if found.state is not State.PAUSED:
        raise Conflict(f"The execution is {found.state.value}; only a PAUSED one can be resumed.")


def _check_kill(found: Execution) -> None:
    if is_over(found):
        raise Conflict(f"The execution has ended already, as {found.state.value}.")


@dataclass(frozen=True, slots=True)
class Kind:
    """An operation by name: its options, and how it is asked.

    `check` looks at an execution without its task runs; it raises `Conflict` when its state does
    not allow the operation.
    """

    options: type[Frozen]
    ask: Ask
    help: str
    check: Callable[[Execution], None] = _possible


def _by(
    make: Callable[[Caller, Options], Operation | Wish], action: str
) -> Callable[[Services, Caller, Execution, Frozen], Future[Execution | None]]:
    """Asks the executor for what `make` says."""

    def ask(
        services: Services, caller: Caller, found: Execution, options: Frozen
    ) -> Future[Execution | None]:
        operation = make(caller, cast("Options", options))
        # Answers of people may be secret, so their names are all that is kept of them.
        detail = options.model_dump(mode="json", by_alias=True, exclude_none=True)
        if isinstance(detail.get("inputs"), dict):
            detail["inputs"] = sorted(detail["inputs"])
        record = audit_of(services, caller, action, found.id, detail)
        return services.executor.operate(caller.tenant, found.id, operation, audit=record)

    return ask


def audit_of(
    services: Services, caller: Caller, action: str, execution_id: str, detail: dict[str, Json]
) -> AuditRecord:
    """The event of an operation."""
    return AuditRecord(
        tenant=caller.tenant,
        at=services.now(),
        actor=caller.actor,
        action=f"execution.{action}",
        object=f"execution/{execution_id}",
        detail=detail or None,
    )


def _restart(
    services: Services, caller: Caller, found: Execution, options: Frozen
) -> Future[Execution | None]:
    revision = cast("Restarting", options).revision
    if revision is None:
        return _by(lambda _, __: Restart(), "restart")(services, caller, found, options)
    return again.restart(services, caller, found.id, revision)


def _replay(
    services: Services, caller: Caller, found: Execution, options: Frozen
) -> Future[Execution | None]:
    return again.replay(services, caller, found.id, cast("again.Replaying", options))


def _kill(
    services: Services, caller: Caller, found: Execution, options: Frozen
) -> Future[Execution | None]:
    cascade = cast("Killing", options).cascade
    record = audit_of(services, caller, "kill", found.id, {} if cascade else {"cascade": False})
    return services.executor.kill(
        caller.tenant, found.id, f"killed by {caller.actor}", audit=record, cascade=cascade
    )


KINDS: dict[str, Kind] = {
    "restart": Kind(
        Restarting,
        _restart,
        "Runs what failed again, and what follows it. With another revision it makes a new "
        "execution, which keeps the outputs of what succeeded.",
        check_restart,
    ),
    "replay": Kind(
        again.Replaying,
        _replay,
        "Makes a new execution: from the start or from a task run, with the same or other inputs.",
    ),
    "kill": Kind(
        Killing,
        _kill,
        "Ends it now, and the work of its tasks; one that has ended stays as it is.",
        _check_kill,
    ),
    "state": Kind(
        TaskRunState,
        _by(lambda _, o: SetTaskRunState(o.task_run_id, o.state), "state"),
        "Gives a task run of an ended execution another state; the execution goes on from there.",
        check_ended,
    ),
    "change-status": Kind(
        FinalState,
        _by(lambda _, o: SetState(o.state), "change-status"),
        "Gives an ended execution another final state; nothing runs.",
        check_ended,
    ),
    "labels": Kind(
        NewLabels,
        _by(lambda _, o: SetLabels(o.labels), "labels"),
        "Replaces the labels of an ended execution; those of the system stay.",
        check_labels,
    ),
    "pause": Kind(
        Nothing,
        _by(lambda c, _: PauseRequested(c.actor), "pause"),
        "Starts no further task; what runs may finish.",
        _check_pause,
    ),
    "resume": Kind(
        Resuming,
        _by(lambda c, o: ResumeRequested(c.actor, o.task_run_id, o.inputs), "resume"),
        "Lets it go on when it is PAUSED, with what the paused task asks for.",
        _check_resume,
    ),
    "resume-from-breakpoint": Kind(
        Continuing,
        _by(lambda c, o: ResumeFromBreakpoint(c.actor, o.breakpoints), "resume-from-breakpoint"),
        "Lets it go on from a breakpoint.",
        check_breakpoint,
    ),
    "force-run": Kind(
        Nothing,
        _by(lambda c, _: ForceRun(c.actor), "force-run"),
        "Lets it go on now, whatever it waits for: a slot, its schedule date, a person.",
        check_force_run,
    ),
    "unqueue": Kind(
        Unqueueing,
        _by(lambda c, o: Unqueue(o.state, c.actor), "unqueue"),
        "Takes it out of the queue for a slot: it runs although there is none, or ends.",
        check_unqueue,
    ),
    "delete": Kind(
        removal.Removing,
        removal.remove,
        "Removes an execution that is over, with its logs, metrics and files.",
        removal.check,
    ),
}


def options_of(kind: Kind, body: Json) -> Frozen:
    """The options in a body. Raises `InvalidObject` with the path of each mistake."""
    if body is None:
        body = {}
    if not isinstance(body, dict):
        problem = Problem("The body must be an object.", code="wrong-type")
        raise InvalidObject(problem.message, problems=[problem])
    options, problems = read(kind.options, body)
    if options is None:
        raise InvalidObject(problems[0].message, problems=problems, hint=problems[0].hint)
    return options


def operate(
    services: Services, caller: Caller, name: str, execution_id: str, body: Json
) -> dict[str, Json]:
    """Does something with one execution; gives it as it is after the commit, or the new one.

    Raises `NotFound`, `Conflict` when its state forbids it, `InvalidObject`.
    """
    kind = KINDS[name]
    options = options_of(kind, body)
    with services.database.read() as tx:
        found = rows.head(tx, caller.tenant, execution_id)
    if found is None:
        raise NotFound(f"There is no execution {execution_id}.")
    after = kind.ask(services, caller, found, options).result()
    return form.execution(after or found, with_task_runs=after is not None)
