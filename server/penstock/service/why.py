"""Says what an execution waits for, or why it ended as it did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from sqlalchemy import Connection

from penstock.engine.advance import is_over
from penstock.engine.message import TimerKind
from penstock.errors import NotFound
from penstock.model.execution import Execution, TaskRun
from penstock.model.frozen import Json
from penstock.model.state import TERMINATED, State
from penstock.security.caller import Caller
from penstock.service.form import instant
from penstock.service.services import Services
from penstock.store import execution as rows
from penstock.store import job as jobs
from penstock.store import task_run as task_runs
from penstock.store import timer as timers
from penstock.store.execution_filter import Filter
from penstock.store.job import LeasedJob
from penstock.store.timer import StoredTimer

_MOST = 20
_MOST_RUNS = 2_000
_TELLING = ({*State} - TERMINATED) | {State.FAILED}
_WAITS = (State.CREATED, State.QUEUED, State.RESTARTED)


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that an execution waits for; `kind` is for programs."""

    kind: str
    sentence: str
    task_run_id: str | None = None
    until: datetime | None = None
    owner: str | None = None
    execution_id: str | None = None

    def form(self) -> dict[str, Json]:
        """As JSON."""
        return {
            "kind": self.kind,
            "sentence": self.sentence,
            "taskRunId": self.task_run_id,
            "until": instant(self.until),
            "owner": self.owner,
            "executionId": self.execution_id,
        }


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the rows say."""

    tx: Connection
    execution: Execution
    jobs: dict[str, LeasedJob]
    timers: list[StoredTimer]
    limit: int | None

    def timer_of(self, run: TaskRun, *kinds: TimerKind) -> StoredTimer | None:
        """The earliest timer of a task run."""
        fitting = [
            each
            for each in self.timers
            if each.task_run_id == run.id and each.fence == run.fence and each.kind in kinds
        ]
        return min(fitting, key=lambda each: each.at, default=None)


def why(services: Services, caller: Caller, execution_id: str) -> dict[str, Json]:
    """The reasons, in sentences. Raises `NotFound`."""
    with services.database.read() as tx:
        found = rows.head(tx, caller.tenant, execution_id)
        if found is None:
            raise NotFound(f"There is no execution {execution_id}.")
        # Of an execution with very many task runs those matter that are open or failed.
        runs = task_runs.in_states(tx, execution_id, _TELLING, limit=_MOST_RUNS)
        found = replace(found, task_runs={run.id: run for run in runs})
        version = services.flows.at(
            tx, caller.tenant, found.namespace, found.flow_id, revision=found.flow_revision
        )
        concurrency = None if version is None else version.flow.concurrency
        facts = _Facts(
            tx,
            found,
            {job.task_run_id: job for job in jobs.of_execution(tx, execution_id)},
            timers.of_execution(tx, execution_id),
            None if concurrency is None else concurrency.limit,
        )
        reasons = list(_ended(facts) if found.state.is_terminated else _waits(facts))
        if not reasons:
            reasons = [
                Reason(
                    "unknown",
                    f"It is {found.state.value}, and the server knows of nothing that it waits "
                    "for. That is a defect of the server; its log says more.",
                )
            ]
    return {
        "id": found.id,
        "state": found.state.value,
        "sentences": [reason.sentence for reason in reasons],
        "reasons": [reason.form() for reason in reasons],
    }


def _name(run: TaskRun) -> str:
    value = "" if run.value is None else f" [{run.value}]"
    return f"Task `{run.task_id}`{value}"


def _leaves(execution: Execution) -> list[TaskRun]:
    """Open task runs that hold no open ones."""
    is_open = [run for run in execution.task_runs.values() if not run.state.is_terminated]
    parents = {run.parent_id for run in is_open}
    return [run for run in is_open if run.id not in parents]


# -- what it waits for ---------------------------------------------------------------------


def _waits(facts: _Facts) -> Iterator[Reason]:
    execution = facts.execution
    if execution.state in _WAITS:
        yield from _before_the_start(facts)
        return
    if execution.paused_by is not None:
        yield Reason(
            "person",
            f"{execution.paused_by} has paused it: it goes on when somebody resumes it.",
            owner=execution.paused_by,
        )
    leaves = _leaves(execution)
    for run in leaves[:_MOST]:
        yield _of_run(facts, run)
    if len(leaves) > _MOST:
        yield Reason("more", f"{len(leaves) - _MOST} more tasks are open.")
    for timer in facts.timers:
        if timer.kind is TimerKind.EXECUTION_TIMEOUT:
            yield Reason(
                "timeout",
                f"At {instant(timer.at)} the flow's timeout ends it.",
                until=timer.at,
            )


def _before_the_start(facts: _Facts) -> Iterator[Reason]:
    execution = facts.execution
    if execution.state is State.CREATED and execution.scheduled_at is not None:
        yield Reason(
            "schedule",
            f"It starts at {instant(execution.scheduled_at)}, as its schedule date says.",
            until=execution.scheduled_at,
        )
        return
    if execution.state is not State.QUEUED:
        yield Reason("executor", "The executor begins it with its next step.")
        return
    flow = (execution.tenant, execution.namespace, execution.flow_id)
    holders = rows.slot_holders(facts.tx, *flow, limit=_MOST)
    allowed = f"{facts.limit}" if facts.limit is not None else "as many as the latest revision says"
    yield Reason(
        "slot",
        f"It waits for a slot: {allowed} executions of {execution.namespace}/{execution.flow_id} "
        f"may run at once, and these do: {', '.join(each.id for each in holders) or 'none'}.",
        execution_id=holders[0].id if holders else None,
    )


def _of_run(facts: _Facts, run: TaskRun) -> Reason:
    if run.state is State.RETRYING:
        because = "" if run.failure is None else f" Attempt {len(run.attempts)} failed: "
        because += "" if run.failure is None else run.failure.message
        sentence = f"{_name(run)} is tried again at {instant(run.retry_at)}.{because}"
        return Reason("retry", sentence, run.id, until=run.retry_at)
    if run.state is State.BREAKPOINT:
        return Reason("breakpoint", f"{_name(run)} stands at a breakpoint.", run.id)
    if run.child_execution_id is not None:
        return _child(facts, run)
    if run.state is State.PAUSED:
        return _paused(facts, run)
    if run.state is State.KILLING:
        return Reason("kill", f"{_name(run)} was told to stop and has not stopped yet.", run.id)
    job = facts.jobs.get(run.id)
    if job is not None and job.owner is not None:
        worker = run.attempts[-1].worker if run.attempts else None
        since = f" since {instant(run.attempts[-1].started_at)}" if worker else ""
        return Reason(
            "worker",
            f"{_name(run)} runs on worker {worker or job.owner}{since}; its lease lasts until "
            f"{instant(job.expires_at)}.",
            run.id,
            until=job.expires_at,
            owner=job.owner,
        )
    if run.state is State.CREATED and run.progress is not None and "held" in run.progress:
        return Reason("person", f"{_name(run)} starts when the execution is resumed.", run.id)
    if job is not None:
        return Reason("free-worker", f"{_name(run)} waits for a free worker.", run.id)
    return Reason("executor", f"{_name(run)} is being moved on by the executor.", run.id)


def _child(facts: _Facts, run: TaskRun) -> Reason:
    child = rows.head(facts.tx, facts.execution.tenant, run.child_execution_id or "")
    state = "which is gone" if child is None else f"which is {child.state.value}"
    flow = "" if child is None else f" of {child.namespace}/{child.flow_id}"
    sentence = f"{_name(run)} waits for execution {run.child_execution_id}{flow}, {state}."
    return Reason("child", sentence, run.id, execution_id=run.child_execution_id)


def _paused(facts: _Facts, run: TaskRun) -> Reason:
    timer = facts.timer_of(run, TimerKind.WAKE, TimerKind.TIMEOUT)
    if timer is not None and timer.kind is TimerKind.WAKE:
        sentence = f"{_name(run)} goes on by itself at {instant(timer.at)}."
        return Reason("timer", sentence, run.id, until=timer.at)
    until = "" if timer is None else f", until {instant(timer.at)} at most"
    sentence = f"{_name(run)} waits for somebody who resumes it{until}."
    return Reason("person", sentence, run.id, until=None if timer is None else timer.at)


# -- why it ended --------------------------------------------------------------------------


def _ended(facts: _Facts) -> Iterator[Reason]:
    execution = facts.execution
    because = "" if execution.failure is None else f": {execution.failure.message}"
    yield Reason(
        "ended",
        f"It ended as {execution.state.value} at {instant(execution.ended_at)}{because}"
        + ("" if because.endswith(".") else "."),
    )
    failed = [
        run
        for run in execution.task_runs.values()
        if run.state is State.FAILED and run.failure is not None
    ]
    holders = {run.parent_id for run in failed}
    for run in [run for run in failed if run.id not in holders][:_MOST]:
        message = cast("str", run.failure and run.failure.message)
        yield Reason(
            "failure", f"{_name(run)} failed at {instant(run.ended_at)}: {message}", run.id
        )
    if execution.state is State.RETRIED:
        original = execution.original_id or execution.id
        found = rows.page(
            facts.tx, execution.tenant, Filter(original_id=original), limit=_MOST
        ).items
        for later in found:
            if later.attempt_number == execution.attempt_number + 1:
                sentence = f"Execution {later.id} took its place; it is {later.state.value}."
                yield Reason("replaced", sentence, execution_id=later.id)
    if not is_over(execution):
        for run in _leaves(execution)[:_MOST]:
            yield _of_run(facts, run)
