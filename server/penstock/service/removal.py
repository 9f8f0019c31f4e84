"""Removes executions that are over."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Annotated, cast

from pydantic import Field
from sqlalchemy import Connection

from penstock.engine.advance import is_over
from penstock.errors import Conflict
from penstock.model.execution import Execution
from penstock.model.frozen import Frozen
from penstock.security.caller import Caller
from penstock.service.services import Services
from penstock.storage.base import execution_folder
from penstock.store import audit, erasure
from penstock.store.audit import AuditRecord


class Removing(Frozen):
    """What goes with an execution."""

    logs: Annotated[bool, Field(description="Whether its log lines go too.")] = True
    metrics: Annotated[bool, Field(description="Whether its metrics go too.")] = True
    storage: Annotated[bool, Field(description="Whether its files go too.")] = True


def check(found: Execution) -> None:
    """Raises `Conflict` when an execution is not over."""
    if not is_over(found):
        raise Conflict(
            f"The execution {found.id} is {found.state.value}: it is not over.",
            hint="Kill it first.",
        )


def remove(
    services: Services, caller: Caller, found: Execution, options: Frozen
) -> Future[Execution | None]:
    """Removes an execution. Raises `Conflict` when it is not over."""
    wanted = cast("Removing", options)
    check(found)
    is_gone = False
    record = AuditRecord(
        tenant=caller.tenant,
        at=services.now(),
        actor=caller.actor,
        action="execution.delete",
        object=f"execution/{found.id}",
        detail={"flow": f"{found.namespace}/{found.flow_id}", "state": found.state.value},
    )

    def erase(tx: Connection) -> None:
        # Whoever restarts it in the same moment wins: then it is not over any more.
        nonlocal is_gone
        is_gone = erasure.erase(
            tx, caller.tenant, found.id, logs=wanted.logs, metrics=wanted.metrics
        )
        if is_gone:
            audit.append_many(tx, [record])

    services.executor.write(erase).result()
    if not is_gone:
        raise Conflict(
            f"The execution {found.id} is not over any more, or is gone already.",
            hint="Look at it again; kill it if it goes on and shall not.",
        )
    if wanted.storage:
        folder = execution_folder(found.namespace, found.flow_id, found.id)
        services.storage.delete_below(caller.tenant, folder)
    done: Future[Execution | None] = Future()
    done.set_result(None)
    return done
