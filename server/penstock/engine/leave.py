"""Ends an execution from inside: a task decides its state, and nothing else starts."""

from __future__ import annotations

from penstock.engine.outcome import allowed
from penstock.engine.pause import abandon
from penstock.engine.stop import closed, kill, killed
from penstock.engine.task_runs import STANDING, is_held
from penstock.engine.work import Work
from penstock.model.execution import Failure, TaskRun
from penstock.model.state import TERMINATED, State


def leave(work: Work, run: TaskRun) -> State | None:
    """Ends the task run and those that hold it; gives the state for the execution, if it ends so.

    What a worker or another execution does by now comes to its end; what only waits ends here.
    Nothing follows from them. In `afterExecution` the state is decided already, and the task
    just ends. With KILLED the execution is killed.
    """
    state = State(str((run.progress or {})["exit"]))
    work.leaving = None
    if work.state is State.KILLING:
        # Another task has ended it in the same step.
        killed(work, run)
        return None
    if work.state in TERMINATED:
        done = closed(run, State.SUCCESS, work)
        work.ended(work.move(run, State.SUCCESS, "finished", attempts=done, progress=None))
        return None
    message = f"Task `{run.task_id}` ended the execution as {state.value}."
    failure = Failure(message) if state in {State.FAILED, State.KILLED} else None
    work.move(
        run,
        state,
        "exit",
        attempts=closed(run, state, work),
        failure=failure,
        progress={"exit": state.value, "before": len(work.runs)},
    )
    if state is State.KILLED:
        work.ended(work.runs[run.id])
        kill(work, message)
        return None
    parent_id = run.parent_id
    while parent_id is not None:
        parent = work.runs[parent_id]
        work.runs.scopes.pop(parent_id, None)
        work.move(parent, state, "exit", failure=failure or parent.failure)
        parent_id = parent.parent_id
    _close(work)
    return state


def _close(work: Work) -> None:
    """Lets open flowables start nothing more, and ends what waits for a moment or a person."""
    work.runs.left = len(work.runs)
    for run in list(work.runs.values()):
        if run.id in work.runs.scopes:
            if run.state is State.PAUSED:
                abandon(work, run)
            work.look_at(run.id)
        elif run.state is State.RETRYING:
            work.ended(work.move(run, allowed(work.node(run), State.FAILED), "exit"))
        elif run.state in STANDING or is_held(run):
            attempts = closed(run, State.CANCELLED, work)
            work.ended(work.move(run, State.CANCELLED, "exit", attempts=attempts))
