"""How an attempt's end becomes a task run's state."""

from __future__ import annotations

from penstock.engine.message import TimerKind
from penstock.engine.plan import Node
from penstock.engine.retry import renewal_at, retry_at, tries
from penstock.engine.work import Work
from penstock.model.execution import Attempt, Failure, TaskRun
from penstock.model.frozen import Json
from penstock.model.state import State


def fail(work: Work, run: TaskRun, message: str) -> None:
    """Ends a task run that could not begin. There is nothing to try again."""
    work.log(message, run)
    attempts = run.attempts
    if not work.node(run).flowable:
        attempts = (*attempts, Attempt(len(attempts) + 1, State.FAILED, None, work.now))
    state = allowed(work.node(run), State.FAILED)
    work.ended(
        work.move(run, state, "failed", failure=Failure(message[:10_000]), attempts=attempts)
    )


def give_up(work: Work, run: TaskRun, message: str) -> None:
    """Ends a task run whose last attempt is closed as FAILED, whatever its retry rule says."""
    work.log(message, run)
    state = allowed(work.node(run), State.FAILED)
    work.ended(work.move(run, state, "failed", failure=Failure(message)))


def conclude(
    work: Work,
    run: TaskRun,
    state: State,
    kind: str,
    *,
    outputs: dict[str, Json] | None = None,
    failure: str | None = None,
    detail: dict[str, Json] | None = None,
) -> None:
    """Ends an attempt whose last record is in `run.attempts` already.

    A failed one is tried again when its retry rule allows it. Otherwise the task run ends.
    """
    node = work.node(run)
    reason = None if failure is None else Failure(failure[:10_000])
    if state is State.FAILED:
        reason = reason or Failure("The task failed and gave no reason.")
        ended = run.attempts[-1].ended_at or work.now
        again = retry_at(node.retry, run, ended)
        if again is not None and not work.runs.is_left(run.id):
            run = work.move(run, State.RETRYING, kind, at=ended, retry_at=again, failure=reason)
            work.wake(again, TimerKind.RETRY, run, run.fence)
            return
        again = renewal_at(node.renew, run, work.given, ended)
        if again is not None and not work.runs.is_left(run.id):
            memory: dict[str, Json] = {"renewAt": again.isoformat()}
            run = work.move(
                run, State.RETRIED, kind, at=ended, failure=reason, progress=memory, detail=detail
            )
            work.ended(run)
            return
    if state is State.SUCCESS and node.retry and node.retry.warning_on_retry and tries(run) > 1:
        state = State.WARNING
    run = work.move(
        run,
        allowed(node, state),
        kind,
        at=run.attempts[-1].ended_at if run.attempts else None,
        outputs=outputs or None,
        failure=reason,
        detail=detail,
    )
    if outputs:
        work.show_outputs(run, outputs)
    work.ended(run)


def allowed(node: Node, state: State) -> State:
    """The state after `allowFailure` and `allowWarning`."""
    if state is State.FAILED and node.task.allow_failure:
        state = State.WARNING
    if state is State.WARNING and node.task.allow_warning:
        state = State.SUCCESS
    return state
