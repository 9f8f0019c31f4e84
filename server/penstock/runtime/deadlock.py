"""Finds executions that would wait for ever for a slot that waits for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from penstock.model.execution import Execution
from penstock.runtime.slots import Slots, key_of

Find = Callable[[str], Execution | None]
"""An active execution by its id."""


def waits_for_itself(execution: Execution, slots: Slots, find: Find) -> bool:
    """Whether every holder of a slot of the execution's flow waits for one that is queued there.

    A flow that calls itself, at any depth, comes to that when its limit is too small: then no
    slot will ever be free.
    """
    key = key_of(execution)
    blocked: set[str] = set()
    queued = [find(id_) for id_ in slots.queued(key)]
    for waiting in (execution, *queued):
        if waiting is not None:
            blocked.update(_callers(waiting, find))
    return slots.holders(key) <= blocked


def _callers(execution: Execution, find: Find) -> Iterator[str]:
    """The executions that wait for this one, directly or through others."""
    while execution.parent_id is not None:
        parent = find(execution.parent_id)
        if parent is None:
            return
        run = parent.task_runs.get(execution.parent_task_run_id or "")
        waits = run is not None and not run.state.is_terminated
        if not waits or not ((run.progress if run else None) or {}).get("wait"):
            return
        yield parent.id
        execution = parent
