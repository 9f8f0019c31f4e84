"""Makes executions of earlier ones: replays, and restarts by another revision."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from penstock.engine.operation import MarkReplayed
from penstock.engine.replay import Again, Version, replayed, restarted
from penstock.engine.restart import REPLAYED
from penstock.errors import Conflict, FlowDisabled, InvalidObject, NotFound
from penstock.model.execution import Execution, Origin
from penstock.model.frozen import Frozen, Json
from penstock.model.problem import Problem
from penstock.security.caller import Caller
from penstock.service.beginning import seen
from penstock.service.inputs import Given, resolved
from penstock.service.port import FlowVersion
from penstock.service.services import Services
from penstock.store import execution as rows
from penstock.store.audit import AuditRecord


class Replaying(Frozen):
    """A replay."""

    task_run_id: Annotated[
        str | None, Field(description="The task run to start from; those before it are copied.")
    ] = None
    task_id: Annotated[
        str | None, Field(description="The task to start from, when it ran only once.")
    ] = None
    inputs: Annotated[
        dict[str, Json] | None, Field(description="Other inputs than those of the execution.")
    ] = None
    breakpoints: Annotated[
        tuple[str, ...], Field(description="Tasks before which the new execution stands still.")
    ] = ()
    revision: Annotated[
        int | None, Field(ge=1, lt=2**31, description="A revision of the flow, other than its own.")
    ] = None


def restart(
    services: Services, caller: Caller, execution_id: str, revision: int
) -> Future[Execution | None]:
    """A new execution by another revision that runs what failed again."""
    found, old, new = _versions(services, caller, execution_id, revision)
    made = restarted(found, old.flow, _version(new), _again(services, caller))
    return _submit(services, caller, made, new, found=found, action="restart")


def replay(
    services: Services, caller: Caller, execution_id: str, options: Replaying
) -> Future[Execution | None]:
    """A new execution with the same or other inputs, from the start or from a task run."""
    found, old, new = _versions(services, caller, execution_id, options.revision)
    run_id = options.task_run_id
    if run_id is None and options.task_id is not None:
        run_id = _run_of(found, options.task_id)
    made = replayed(
        found,
        old.flow,
        _version(new),
        _again(services, caller),
        task_run_id=run_id,
    )
    made = replace(made, breakpoints=options.breakpoints)
    given = options.inputs
    if given is None and not _fits(new, found):
        given = _declared(new, found.inputs)
    if given is not None:
        told = Given(given, seen(new.flow, new.revision))
        made = replace(made, inputs=resolved(new.flow, told, services.renderer(made)))
    if REPLAYED not in found.labels:
        record = AuditRecord(
            tenant=caller.tenant,
            at=made.created_at,
            actor=caller.actor,
            action="execution.labels",
            object=f"execution/{found.id}",
            detail={"replayedAs": made.id},
        )
        # Before the replay in the queue, so whoever sees the replay sees the label.
        services.executor.operate(caller.tenant, found.id, MarkReplayed(), audit=record)
    return _submit(services, caller, made, new, found=found, action="replay")


def _fits(version: FlowVersion, found: Execution) -> bool:
    """Whether the flow takes just the inputs that the execution has."""
    return {each.id.partition(".")[0] for each in version.flow.inputs} == found.inputs.keys()


def _declared(version: FlowVersion, inputs: Mapping[str, Json]) -> dict[str, Json]:
    """The earlier inputs that the other revision still takes."""
    names = {each.id.partition(".")[0] for each in version.flow.inputs}
    return {name: value for name, value in inputs.items() if name in names}


def _run_of(found: Execution, task_id: str) -> str:
    ids = [run.id for run in found.task_runs.values() if run.task_id == task_id]
    if len(ids) == 1:
        return ids[0]
    said = "has not run" if not ids else f"ran {len(ids)} times; name one of them by `taskRunId`"
    problem = Problem(f"Task `{task_id}` {said}.", path="taskId", code="invalid")
    raise InvalidObject(problem.message, problems=[problem])


def _versions(
    services: Services, caller: Caller, execution_id: str, revision: int | None
) -> tuple[Execution, FlowVersion, FlowVersion]:
    """The execution, the flow that it ran, and the flow to run."""
    with services.database.read() as tx:
        found = rows.get(tx, caller.tenant, execution_id)
        if found is None:
            raise NotFound(f"There is no execution {execution_id}.")
        name = (caller.tenant, found.namespace, found.flow_id)
        old = services.flows.at(tx, *name, revision=found.flow_revision)
        new = old if revision is None else services.flows.at(tx, *name, revision=revision)
    flow = f"{found.namespace}/{found.flow_id}"
    if old is None:
        raise Conflict(f"Revision {found.flow_revision} of flow {flow} is not stored any more.")
    if new is None:
        raise NotFound(f"The flow {flow} has no revision {revision}.")
    if new.flow.disabled:
        raise FlowDisabled(f"The flow {flow} is disabled.", hint="Remove `disabled: true` from it.")
    return found, old, new


def _version(version: FlowVersion) -> Version:
    return Version(version.flow, version.revision, version.content_hash, version.source)


def _again(services: Services, caller: Caller) -> Again:
    origin = Origin("api", id="api", actor=caller.actor)
    return Again(services.new_id(), services.now(), origin, services.new_id)


def _submit(
    services: Services,
    caller: Caller,
    made: Execution,
    version: FlowVersion,
    *,
    found: Execution,
    action: str,
) -> Future[Execution | None]:
    record = AuditRecord(
        tenant=caller.tenant,
        at=made.created_at,
        actor=caller.actor,
        action=f"execution.{action}",
        object=f"execution/{made.id}",
        after=version.content_hash,
        detail={"of": found.id, "flow": f"{found.namespace}/{found.flow_id}"},
    )
    return services.executor.submit(made, version, record)
