"""Carries out what somebody asks of an execution, whether it is active or over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.engine.advance import advance, is_over
from penstock.engine.concurrency import admit
from penstock.engine.message import Begin, Refused
from penstock.engine.operation import (
    ForceRun,
    Operation,
    Restart,
    ResumeFromBreakpoint,
    ResumeRequested,
    SetTaskRunState,
    Unqueue,
    Wish,
)
from penstock.engine.queue import answer
from penstock.errors import Conflict, NotFound
from penstock.model.state import State
from penstock.runtime.active import Draft
from penstock.runtime.recall import recall
from penstock.runtime.slots import key_of

if TYPE_CHECKING:
    from penstock.runtime.batch import Batch


def operate(batch: Batch, tenant: str, execution_id: str, operation: Operation | Wish) -> None:
    """Lets the engine take an operation at once. Raises a `PenstockError` when it cannot be."""
    core = batch.core
    draft = batch.draft(execution_id)
    if draft is None:
        draft = recall(core.children, core.world, core.bench.clock, tenant, execution_id)
    elif draft.execution.tenant != tenant:
        raise NotFound(f"There is no execution {execution_id}.")
    if draft.messages:
        batch.advance(draft)
    if isinstance(operation, ForceRun | Unqueue):
        _let_go(batch, draft, operation)
        return
    follows = None
    if isinstance(operation, Restart | SetTaskRunState):
        follows = _admission(batch, draft)
    active = draft.active
    active.renderer.execution = draft.execution
    now = core.bench.clock.now()
    step = advance(active.version.flow, draft.execution, [operation], now, active.renderer)
    batch.drafts[execution_id] = draft
    batch.take_on(draft, step)
    draft.is_over = is_over(step.execution)
    if follows is None:
        return
    if isinstance(follows, Begin):
        core.slots.take(draft.execution)
    else:
        core.slots.queue(draft.execution)
    batch.deliver(execution_id, follows)


def _let_go(batch: Batch, draft: Draft, wish: Wish) -> None:
    """Begins, or ends, an execution that waits, whatever the limit says."""
    message = answer(draft.execution, wish)
    if message is None:
        execution = draft.execution
        is_halted = execution.state is State.BREAKPOINT
        message = ResumeFromBreakpoint(wish.by) if is_halted else ResumeRequested(wish.by)
        operate(batch, execution.tenant, execution.id, message)
        return
    if isinstance(message, Begin):
        batch.core.slots.take(draft.execution)
    batch.deliver(draft.execution.id, message)


def _admission(batch: Batch, draft: Draft) -> Begin | Refused:
    """What an execution that goes on is told. Raises `Conflict` when there is no slot."""
    if not draft.is_over:
        return Begin()
    core = batch.core
    key = key_of(draft.execution)
    version = core.children.latest(*key) or draft.active.version
    message = admit(version.flow.concurrency, core.slots.running(key))
    if isinstance(message, Refused) and message.state is not State.QUEUED:
        raise Conflict(
            f"As many executions of {key[1]}/{key[2]} run as its concurrency limit allows.",
            hint="Try again when one of them has ended.",
        )
    return message
