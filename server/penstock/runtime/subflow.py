"""What a batch does with executions for those that called them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.engine.message import ChildEnded, ChildNotRestarted, ChildStarted
from penstock.engine.operation import Restart
from penstock.engine.step import ChildRequest, ChildRestart
from penstock.errors import PenstockError
from penstock.model.execution import Execution
from penstock.model.state import State
from penstock.runtime.active import Draft
from penstock.runtime.child import ChildRefused
from penstock.runtime.operation import operate
from penstock.runtime.told import child_ended
from penstock.service.inputs import unread

if TYPE_CHECKING:
    from penstock.runtime.batch import Batch


def call(batch: Batch, caller: Draft, request: ChildRequest) -> None:
    """Starts the execution that a task asks for, or tells the task why it cannot be."""
    parent, core = caller.execution, batch.core
    substitute = core.bench.substitute
    told = None if substitute is None else substitute.call(request, parent)
    if told is not None:
        batch.deliver(parent.id, *told)
        return
    try:
        child, version = core.children.make(request, parent, caller.active.renderer, batch.now)
    except ChildRefused as refused:
        ended = ChildEnded(request.task_run_id, None, State.FAILED, failure=refused.args[0])
        batch.deliver(parent.id, ended)
        return
    batch.warn(batch.create(child, version), unread(version.flow, request.inputs))
    batch.deliver(parent.id, ChildStarted(request.task_run_id, child.id))


def restart(batch: Batch, caller: Draft, wanted: ChildRestart) -> None:
    """Restarts an execution that a task has called, or tells the task that it cannot be."""
    try:
        operate(batch, caller.execution.tenant, wanted.child_id, Restart())
    except PenstockError:
        message = ChildNotRestarted(wanted.task_run_id, wanted.child_id)
        batch.deliver(caller.execution.id, message)


def tell_parent(batch: Batch, ended: Execution) -> None:
    """Tells the task that called an execution, if one did, what became of it."""
    if ended.parent_id is not None and ended.parent_task_run_id is not None:
        batch.deliver(ended.parent_id, child_ended(ended))
