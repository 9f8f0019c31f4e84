"""One turn of the executor: commands → new values → one transaction → everything it allows."""

from __future__ import annotations

import time
from collections import deque
from datetime import datetime

from penstock.engine.advance import is_over
from penstock.engine.message import KillRequested, TimerDue
from penstock.engine.step import Job
from penstock.errors import NotFound, PenstockError
from penstock.model.execution import Execution
from penstock.runtime import commit, folder
from penstock.runtime.active import Draft, visible
from penstock.runtime.alarm import Alarms
from penstock.runtime.attempt import Bench, Work
from penstock.runtime.batch import Batch, Core
from penstock.runtime.child import Children
from penstock.runtime.command import (
    Answer,
    Break,
    Command,
    Deliver,
    Done,
    Kill,
    Operate,
    Record,
    Submit,
    Wake,
    Write,
    settle,
)
from penstock.runtime.flows import FlowVersions
from penstock.runtime.functions import World
from penstock.runtime.listeners import Listeners
from penstock.runtime.operation import operate
from penstock.runtime.reaction import Reactions
from penstock.runtime.worker import Workers
from penstock.store import audit as audit_store
from penstock.store import execution as execution_store
from penstock.store.audit import AuditRecord
from penstock.telemetry import metric

_SECONDS = 0.05
"""How long instant tasks may keep a transaction waiting."""

Outcome = tuple[Answer, Execution | None, Exception | None]


class Dropped(Exception):
    """A guard refused its command within the transaction; nothing was kept."""

    def __init__(self, command: Submit) -> None:
        super().__init__()
        self.command = command


class Cycle:
    """The state of the executor's thread between turns, and the turn itself."""

    def __init__(
        self, world: World, flows: FlowVersions, bench: Bench, workers: Workers, owner: str
    ) -> None:
        children = Children(world.database, flows, world.isolation)
        reactions = Reactions(world, children, bench.clock)
        self.core = Core(world, bench, children, reactions)
        self.alarms = Alarms()
        self.listeners = Listeners()
        self.failed = False
        self.is_draining = False
        self._database = world.database
        self._clock = bench.clock
        self._workers = workers
        self._owner = owner
        self._busy = 0
        self._waiting: deque[tuple[str, Job]] = deque()
        self._deferred: list[tuple[str, list[Job]]] = []
        self._held: dict[str, list[Job]] = {}

    def seconds_to_wait(self) -> float | None:
        """How long there is nothing to do if no command arrives; None: until one does."""
        if self._deferred:
            return 0.0
        at = self.alarms.next_at()
        return None if at is None else self._clock.seconds_until(at)

    def idle(self) -> tuple[datetime | None, int]:
        """When the next timer is due, and how many workers are at work."""
        return self.alarms.next_at(), self._busy

    def run(self, commands: list[Command]) -> None:
        """Carries out commands in one transaction. Raises `Dropped`, or what the database raised;
        then nothing has happened, and the same commands may be given again.
        """
        now = self._clock.now()
        batch = Batch(self.core, now, _SECONDS)
        turn = _Turn(batch)
        due = self.alarms.due(now)
        taken: list[tuple[str, Job]] = []
        try:
            for command in commands:
                self._take(turn, command)
            for execution_id, jobs in self._deferred:
                batch.resume(execution_id, jobs)
            for timer in due:
                batch.fire(timer, TimerDue(timer.kind, timer.task_run_id, timer.fence))
            batch.run()
            taken = self._assign(turn)
            if turn.has_writes:
                self._commit(turn)
        except BaseException:
            self.failed = True
            self.alarms.add(due)
            self._waiting.extendleft(reversed(taken))
            self.core.slots.rebuild(active.execution for active in self.core.active.values())
            raise
        self.failed = False
        self._after_commit(turn)

    # -- before the transaction ------------------------------------------------------------

    def _take(self, turn: _Turn, command: Command) -> None:
        batch = turn.batch
        match command:
            case Submit():
                batch.submit(command)
                turn.submits.append(command)
                if command.audit is not None:
                    turn.audits.append(command.audit)
            case Deliver():
                batch.deliver(command.execution_id, command.message)
            case Done():
                turn.freed += 1
                if command.result is not None:
                    batch.deliver(command.execution_id, command.result)
            case Break():
                turn.freed += command.frees_worker
                batch.break_down(command.execution_id, command.reason)
            case Record():
                batch.record(command)
            case Kill():
                self._kill(turn, command)
            case Operate():
                self._operate(turn, command)
            case Write():
                turn.writes.append(command)
            case Wake():
                if command.limits:
                    self.core.world.forget()
                    self.core.reactions.forget()
                    for key in self.core.slots.keys_queued():
                        batch.reconsider(key)

    def _kill(self, turn: _Turn, command: Kill) -> None:
        active = self.core.active.get(command.execution_id)
        if active is None and command.execution_id in turn.batch.drafts:
            active = turn.batch.drafts[command.execution_id].active
        if active is not None and command.tenant in {None, active.execution.tenant}:
            turn.batch.deliver(command.execution_id, KillRequested(command.reason, command.cascade))
            if command.answer is not None:
                turn.batch.answers.append((command.answer, command.execution_id))
            if command.audit is not None:
                turn.audits.append(command.audit)
            return
        if command.answer is None:
            return
        with self._database.read() as tx:
            ended = execution_store.get(tx, command.tenant or "", command.execution_id)
        missing = NotFound(f"There is no execution '{command.execution_id}'.")
        turn.outcomes.append((command.answer, ended, missing if ended is None else None))

    def _operate(self, turn: _Turn, command: Operate) -> None:
        try:
            operate(turn.batch, command.tenant, command.execution_id, command.operation)
        except PenstockError as error:
            turn.outcomes.append((command.answer, None, error))
            return
        turn.batch.answers.append((command.answer, command.execution_id))
        if command.audit is not None:
            turn.audits.append(command.audit)

    def _assign(self, turn: _Turn) -> list[tuple[str, Job]]:
        """Gives jobs to free workers, longest waiting first; the others will wait.

        Gives back what was taken from those that waited, for the case of a rollback.
        """
        free = 0 if self.is_draining else self._workers.size - self._busy + turn.freed
        taken: list[tuple[str, Job]] = []
        while free > 0 and self._waiting:
            execution_id, job = self._waiting.popleft()
            taken.append((execution_id, job))
            draft = turn.batch.draft(execution_id)
            if draft is None or not _is_current(draft, job):
                continue
            if draft.execution.paused_by is not None:
                turn.held.append((draft, job))
                continue
            turn.claimed.append((draft, job))
            free -= 1
        for draft in list(turn.batch.drafts.values()):
            for job in draft.jobs.values():
                if not _is_current(draft, job):
                    continue
                if draft.execution.paused_by is not None:
                    turn.held.append((draft, job))
                elif free > 0:
                    turn.claimed.append((draft, job))
                    free -= 1
                else:
                    turn.unclaimed.append((draft, job))
        return taken

    def _commit(self, turn: _Turn) -> None:
        started = time.perf_counter()
        with self._database.transaction() as tx:
            for submit in turn.submits:
                if submit.guard is not None and not submit.guard(tx):
                    raise Dropped(submit)
            for write in turn.writes:
                write.statements(tx)
            commit.write(tx, turn.batch.drafts.values(), turn.batch.late)
            commit.lease(tx, turn.claimed, self._owner, turn.batch.now)
            commit.lease(tx, [*turn.unclaimed, *turn.held], None, turn.batch.now)
            turn.batch.triggers.write(tx)
            audit_store.append_many(tx, [*turn.audits, *turn.batch.triggers.audits()])
        metric.COMMIT_SECONDS.observe(time.perf_counter() - started)

    # -- after the transaction -------------------------------------------------------------

    def _after_commit(self, turn: _Turn) -> None:
        drafts = turn.batch.drafts
        # What begins before what ends: other threads take an empty list for the end of all work,
        # and an execution may have been followed by another one.
        for draft in sorted(drafts.values(), key=lambda each: each.is_over):
            self._keep(draft)
        self.alarms.prune(self.core.active.__contains__)
        self._busy += len(turn.claimed) - turn.freed
        self._waiting.extend((draft.execution.id, job) for draft, job in turn.unclaimed)
        self._deferred = [(id_, draft.deferred) for id_, draft in drafts.items() if draft.deferred]
        self._hold(turn)
        for draft in drafts.values():
            for task_run_id in draft.cancels:
                self._workers.cancel(task_run_id)
        for draft, job in turn.claimed:
            active = draft.active
            self._workers.dispatch(Work(job, draft.execution, active.version, active.renderer))
        self.listeners.tell(drafts, len(self.core.active))
        settle(self._outcomes(turn))
        for write in turn.writes:
            write.done.set_result(None)

    def _hold(self, turn: _Turn) -> None:
        """Puts the jobs of paused executions aside, and those of resumed ones back in line."""
        for draft, job in turn.held:
            self._held.setdefault(draft.execution.id, []).append(job)
        for id_, draft in turn.batch.drafts.items():
            if draft.held:
                self._held.setdefault(id_, []).extend(draft.held)
            if id_ in self._held and draft.execution.paused_by is None:
                jobs = self._held.pop(id_)
                instant = draft.active.version.instant
                self._waiting.extend((id_, job) for job in jobs if job.task_id not in instant)
                self._deferred.append((id_, [job for job in jobs if job.task_id in instant]))

    def _keep(self, draft: Draft) -> None:
        """The draft is what is committed now."""
        active = draft.active
        active.execution = active.renderer.execution = draft.execution
        active.event_seq, active.log_seq = draft.event_seq, draft.log_seq
        active.has_timers = draft.has_timers
        active.jobs.difference_update(commit.obsolete_jobs(draft))
        active.jobs.update(draft.jobs)
        self.alarms.add(draft.timers)
        if active.version.has_folders:
            root, tasks = self.core.bench.place.folder, active.version.tasks
            folder.remove_ended(root, draft.execution, tasks, draft.changed)
        if draft.is_over:
            self.core.active.pop(draft.execution.id, None)
            if draft.base is not None and is_over(draft.base):
                return
            metric.EXECUTIONS_ENDED.labels(draft.execution.state.value).inc()
        else:
            self.core.active[draft.execution.id] = active

    def _outcomes(self, turn: _Turn) -> list[Outcome]:
        outcomes = turn.outcomes
        for answer, execution_id in turn.batch.answers:
            draft = turn.batch.drafts[execution_id]
            seen = visible(draft.execution, draft.active.renderer.masker)
            outcomes.append((answer, seen, None))
        return outcomes


class _Turn:
    """What one turn gathers beside the batch."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.submits: list[Submit] = []
        self.audits: list[AuditRecord] = []
        self.writes: list[Write] = []
        self.outcomes: list[Outcome] = []
        self.freed = 0
        self.claimed: list[tuple[Draft, Job]] = []
        self.unclaimed: list[tuple[Draft, Job]] = []
        self.held: list[tuple[Draft, Job]] = []

    @property
    def has_writes(self) -> bool:
        """Whether there is anything to commit."""
        return bool(self.batch.drafts or self.batch.late or self.writes)


def _is_current(draft: Draft, job: Job) -> bool:
    run = draft.execution.task_runs.get(job.task_run_id)
    return run is not None and run.fence == job.fence and not run.state.is_terminated
