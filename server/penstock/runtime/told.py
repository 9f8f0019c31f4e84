"""What executions are told of each other, and of attempts that died with a server."""

from __future__ import annotations

from collections.abc import Container

from penstock.engine.message import ChildEnded, ChildPaused, Lost
from penstock.model.execution import Execution
from penstock.model.state import State
from penstock.runtime.flows import FlowVersion


def child_paused(child: Execution) -> ChildPaused:
    """What the calling task run of an open execution is told."""
    assert child.parent_task_run_id is not None
    return ChildPaused(child.parent_task_run_id, child.id, child.state is State.PAUSED)


def child_ended(ended: Execution) -> ChildEnded:
    """What the calling task run is told."""
    assert ended.parent_task_run_id is not None
    return ChildEnded(
        task_run_id=ended.parent_task_run_id,
        child_id=ended.id,
        state=ended.state,
        outputs=ended.outputs or {},
        failure=ended.failure.message if ended.failure else None,
    )


def lost_messages(
    execution: Execution, version: FlowVersion, given_back: Container[str] = ()
) -> list[Lost]:
    """For each attempt that somebody ran, or was about to run, when the server ended.

    `given_back` has the task runs whose worker stopped in order: they are not to blame.
    """
    return [
        Lost(run.id, run.fence, run.id in given_back)
        for run in execution.task_runs.values()
        if not run.state.is_terminated
        and run.state not in {State.RETRYING, State.RESTARTED}
        and run.fence > 0
        and run.child_execution_id is None
        and run.task_id in version.tasks
    ]
