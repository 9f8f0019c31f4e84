"""One transaction in the making: commands become new values of executions and rows to write."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from penstock.engine.advance import advance, is_over
from penstock.engine.concurrency import admit
from penstock.engine.message import (
    Begin,
    ChildEnded,
    ChildReplaced,
    KillRequested,
    Message,
    Refused,
    TimerKind,
)
from penstock.engine.quota import exceeded
from penstock.engine.replay import next_attempt
from penstock.engine.step import Event, Job, Renewal, Step
from penstock.model.execution import Execution, StateChange
from penstock.model.flow import Flow
from penstock.model.state import State
from penstock.model.task import LogLevel
from penstock.runtime import breakdown, subflow
from penstock.runtime.active import Active, Draft, draft_of, visible
from penstock.runtime.attempt import Bench, Work, open_context, run_attempt
from penstock.runtime.child import Children
from penstock.runtime.command import Answer, Record, Submit
from penstock.runtime.context import storable
from penstock.runtime.deadlock import waits_for_itself
from penstock.runtime.flows import FlowVersion
from penstock.runtime.functions import World
from penstock.runtime.masking import Masker
from penstock.runtime.reaction import Reactions, chain_of
from penstock.runtime.rendering import Renderer
from penstock.runtime.slots import Key, Slots, key_of
from penstock.runtime.told import child_paused
from penstock.runtime.trigger_changes import TriggerChanges
from penstock.store import execution as execution_store
from penstock.store.log import LogLine
from penstock.store.timer import StoredTimer

_IN_PLACE = "executor"
_REACHES_ITSELF = (
    "The flow `{flow}` reaches itself: all that hold a slot of its concurrency limit wait for "
    "executions that wait for a slot, so none would ever be free. Raise `concurrency.limit`, or "
    "call the flow with `wait: false`."
)


@dataclass(slots=True)
class Core:
    """What the executor keeps between transactions. Only its own thread touches it."""

    world: World
    bench: Bench
    children: Children
    reactions: Reactions
    active: dict[str, Active] = field(default_factory=dict)
    slots: Slots = field(default_factory=Slots)


class Batch:
    """Collects the effect of many commands. `core.slots` is the only thing it changes at once;
    a batch that is not committed must be followed by `core.slots.rebuild`.
    """

    def __init__(self, core: Core, now: datetime, seconds: float) -> None:
        self.core = core
        self.now = now
        self.drafts: dict[str, Draft] = {}
        self.late: list[Record] = []
        self.answers: list[tuple[Answer, str]] = []
        self.triggers = TriggerChanges()
        self._ready: deque[Draft] = deque()
        self._begun: Counter[Key] = Counter()
        self._deadline = time.perf_counter() + seconds

    # -- commands --------------------------------------------------------------------------

    def submit(self, command: Submit) -> None:
        """A new execution, begun or queued."""
        draft = self.create(command.execution, command.version, refusal=command.refusal)
        self.warn(draft, command.warnings)
        if command.answer is not None:
            self.answers.append((command.answer, command.execution.id))

    def warn(self, draft: Draft, warnings: Iterable[str]) -> None:
        """Adds warnings to the log of an execution."""
        for warning in warnings:
            draft.add_line(LogLine(self.now, LogLevel.WARN, storable(warning)))

    def deliver(self, execution_id: str, *messages: Message) -> None:
        """Messages for an execution; nothing when it is over."""
        draft = self.draft(execution_id)
        if draft is None:
            return
        draft.messages.extend(messages)
        if not draft.is_ready:
            draft.is_ready = True
            self._ready.append(draft)

    def record(self, record: Record) -> None:
        """Lines and values of a task, also when its execution is over meanwhile."""
        draft = self.draft(record.execution_id)
        if draft is None:
            self.late.append(record)
            return
        for line in record.lines:
            draft.add_line(line)
        draft.metrics.extend(record.metrics)

    def fire(self, timer: StoredTimer, message: Message) -> None:
        """A timer has run out."""
        draft = self.draft(timer.execution_id)
        if draft is not None:
            draft.fired.append(timer.id)
            if timer.kind is not TimerKind.SCHEDULE:
                self.deliver(timer.execution_id, message)
            elif draft.execution.state is State.CREATED:
                self._admit(draft)

    def resume(self, execution_id: str, jobs: Iterable[Job]) -> None:
        """Instant jobs for which an earlier batch had no time."""
        draft = self.draft(execution_id)
        if draft is not None:
            self._run_in_place(draft, list(jobs))

    def reconsider(self, key: Key) -> None:
        """Begins executions that wait for a slot of a flow, as far as there are slots."""
        slots = self.core.slots
        while (first := slots.first_queued(key)) is not None:
            draft = self.draft(first)
            assert draft is not None, f"{first} waits for a slot but is not active"
            version = self.core.children.latest(*key) or draft.active.version
            if not isinstance(admit(version.flow.concurrency, slots.running(key)), Begin):
                return
            slots.take(draft.execution)
            self.deliver(first, Begin())

    def draft(self, execution_id: str) -> Draft | None:
        """The draft of an active execution, made when there is none yet."""
        found = self.drafts.get(execution_id)
        if found is None:
            active = self.core.active.get(execution_id)
            if active is None:
                return None
            found = self.drafts[execution_id] = draft_of(active)
        return found

    def break_down(self, execution_id: str, reason: str) -> None:
        """Ends an execution with which nobody can go on."""
        draft = self.draft(execution_id)
        if draft is not None:
            draft.messages.clear()
            now = self.core.bench.clock.now()
            self.take_on(draft, breakdown.failed(draft.execution, now, reason))

    # -- advancing -------------------------------------------------------------------------

    def run(self) -> None:
        """Advances every execution that has messages until none has."""
        while self._ready:
            draft = self._ready.popleft()
            draft.is_ready = False
            self.advance(draft)

    def create(
        self, execution: Execution, version: FlowVersion, *, refusal: str | None = None
    ) -> Draft:
        """A new execution, begun, queued or scheduled; with a `refusal` it fails at once."""
        core = self.core
        renderer = Renderer(core.world, core.bench.clock, execution)
        draft = draft_of(Active(execution, version, renderer), is_new=True)
        self.drafts[execution.id] = draft
        draft.changed.update(dict.fromkeys(execution.task_runs))
        draft.add_event(Event(execution.created_at, "created", State.CREATED))
        if refusal is not None:
            self.deliver(execution.id, Refused(State.FAILED, refusal))
        elif execution.scheduled_at is not None and execution.scheduled_at > self.now:
            draft.has_timers = True
            draft.timers.append(
                StoredTimer(
                    execution.id,
                    execution.tenant,
                    execution.scheduled_at,
                    TimerKind.SCHEDULE,
                    None,
                    0,
                )
            )
        else:
            self._admit(draft)
        return draft

    def _admit(self, draft: Draft) -> None:
        """Lets a new execution begin, if there is a slot for it."""
        slots, execution = self.core.slots, draft.execution
        flow, key = draft.active.version.flow, key_of(execution)
        refused = self._over_quota(key, flow) if flow.quotas else None
        message = refused or admit(flow.concurrency, slots.running(key))
        if isinstance(message, Begin):
            slots.take(execution)
            self._begun[key] += 1
        elif message.state is State.QUEUED and waits_for_itself(execution, slots, self._find):
            message = Refused(State.FAILED, _REACHES_ITSELF.format(flow=execution.flow_id))
        elif message.state is State.QUEUED:
            slots.queue(execution)
        self.deliver(execution.id, message)

    def _over_quota(self, key: Key, flow: Flow) -> Refused | None:
        def started(within: timedelta) -> int:
            with self.core.world.database.read() as tx:
                stored = execution_store.started_since(tx, *key, since=self.now - within)
            return stored + self._begun[key]

        return exceeded(flow.quotas, started)

    def _find(self, execution_id: str) -> Execution | None:
        draft = self.drafts.get(execution_id)
        if draft is not None:
            return draft.execution
        active = self.core.active.get(execution_id)
        return None if active is None else active.execution

    def advance(self, draft: Draft) -> None:
        """Gives an execution the messages that wait for it."""
        messages = list(draft.messages)
        draft.messages.clear()
        if not messages:
            return
        active, before = draft.active, draft.execution
        active.renderer.execution = before
        for message in messages:
            if isinstance(message, ChildEnded):
                active.renderer.notice(message.outputs)
        now = self.core.bench.clock.now()
        try:
            step = advance(active.version.flow, before, messages, now, active.renderer)
        except Exception as error:  # noqa: BLE001 - one execution must not stop the others
            structlog.get_logger("penstock.executor").exception(
                "the engine cannot go on with an execution", execution=before.id
            )
            step = breakdown.step(before, now, error)
        self.take_on(draft, step)

    def take_on(self, draft: Draft, step: Step) -> None:
        """Adds what a step has decided."""
        before = draft.execution
        self._apply(draft, step)
        changes = step.execution.history[len(before.history) :]
        if changes:
            self._react(draft, changes)
        is_retried = step.execution.state is State.RETRIED
        if step.execution.state.is_terminated and not before.state.is_terminated and not is_retried:
            # The parent does not know which secrets this execution has used.
            subflow.tell_parent(self, visible(step.execution, draft.active.renderer.masker))
        elif step.execution.parent_id is not None:
            paused = step.execution.state is State.PAUSED
            if paused is not (before.state is State.PAUSED):
                self.deliver(step.execution.parent_id, child_paused(step.execution))
        if not draft.is_over and is_over(step.execution):
            draft.is_over = True
            if self.core.slots.release(step.execution):
                self.reconsider(key_of(step.execution))
        if step.renewal is not None:
            self._renew(draft, step.renewal)

    def _renew(self, draft: Draft, renewal: Renewal) -> None:
        """Starts the next attempt; who waits for this one waits for that one then."""
        ended, version = draft.execution, draft.active.version
        made = next_attempt(ended, version.flow, renewal.execution_id, renewal.at)
        self.create(made, version)
        if ended.parent_id is not None and ended.parent_task_run_id is not None:
            message = ChildReplaced(ended.parent_task_run_id, ended.id, made.id)
            self.deliver(ended.parent_id, message)

    def _apply(self, draft: Draft, step: Step) -> None:
        draft.execution = _readable(draft.execution, step.execution, draft.active.renderer.masker)
        if step.is_rewound:
            draft.is_rewound = True
            draft.changed.clear()
        draft.changed.update(dict.fromkeys(step.changed))
        tenant, id_ = step.execution.tenant, step.execution.id
        mask = draft.active.renderer.masker
        for event in step.events:
            draft.add_event(event)
        for log in step.logs:
            run = step.execution.task_runs.get(log.task_run_id or "")
            task_id = run.task_id if run else None
            line = LogLine(log.at, log.level, mask.text(log.message), log.task_run_id, task_id)
            draft.add_line(line)
        for timer in step.timers:
            draft.has_timers = True
            draft.timers.append(
                StoredTimer(id_, tenant, timer.at, timer.kind, timer.task_run_id, timer.fence)
            )
        draft.cancels.extend(step.cancels)
        for child_id in step.child_kills:
            self.deliver(child_id, KillRequested("the execution that called it was ended"))
        for request in step.children:
            subflow.call(self, draft, request)
        for wanted in step.child_restarts:
            subflow.restart(self, draft, wanted)
        if step.jobs:
            self._sort_jobs(draft, step.jobs)

    def _sort_jobs(self, draft: Draft, jobs: Iterable[Job]) -> None:
        instant = draft.active.version.instant
        in_place: list[Job] = []
        for job in jobs:
            if job.task_id in instant:
                in_place.append(job)
            else:
                draft.jobs[job.task_run_id] = job
        if in_place:
            self._run_in_place(draft, in_place)

    def _run_in_place(self, draft: Draft, jobs: list[Job]) -> None:
        bench = self.core.bench
        active = draft.active
        active.renderer.execution = draft.execution
        for index, job in enumerate(jobs):
            if draft.execution.paused_by is not None:
                draft.held.extend(jobs[index:])
                return
            # One is always run, so that a late batch gets on too.
            if index and time.perf_counter() > self._deadline:
                draft.deferred.extend(jobs[index:])
                return
            run = draft.execution.task_runs.get(job.task_run_id)
            if run is None or run.fence != job.fence or run.state.is_terminated:
                continue
            work = Work(job, draft.execution, active.version, active.renderer)
            context = open_context(work, bench, self.record)
            result = run_attempt(work, context, bench, _IN_PLACE)
            context.close()
            self.deliver(draft.execution.id, result)

    # -- other executions ------------------------------------------------------------------

    def _react(self, draft: Draft, changes: Iterable[StateChange]) -> None:
        """Starts what flow triggers start after an execution has come to some states."""
        execution, core = draft.execution, self.core
        for change in changes:
            self.triggers.stop(draft.active.version.flow, execution, change)
        if not core.reactions.listening(execution.tenant):
            return
        seen = visible(execution, draft.active.renderer.masker)
        chain = self._chain(execution)
        for change in changes:
            for made in core.reactions.to(
                seen, change.state, change.at, windows=self.triggers.windows, chain=chain
            ):
                started = self.create(made.execution, made.version, refusal=made.refusal)
                self.triggers.started[made.key] = started.execution
                self.warn(started, made.warnings)

    def _chain(self, execution: Execution) -> list[str]:
        """The flows whose executions led here by flow triggers, by way of callers too."""
        found = chain_of(execution)
        parent = execution.parent_id
        while not found and parent is not None:
            caller = self._find(parent)
            if caller is None:
                break
            found, parent = chain_of(caller), caller.parent_id
        return found


def _readable(before: Execution, after: Execution, masker: Masker) -> Execution:
    """What a task has set is the same now as it will be when it is read from its row."""
    if masker.is_empty or (after.variables is before.variables and after.labels is before.labels):
        return after
    labels = {key: masker.text(value) for key, value in after.labels.items()}
    return replace(after, variables=masker.value(after.variables), labels=labels)
