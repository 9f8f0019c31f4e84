"""Executions and all that is still to happen to them: one thing at a time, in any order.

Whoever acts on a world picks by number, so that a hypothesis machine and a seeded walk do the same.
After each step the invariants hold: each open thing has an owner (R1), slots belong to executions
that live (R2), and what was killed, or is overtaken by a newer attempt, changes nothing (R3).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from penstock.engine import admit, advance, check, child_execution, is_over, new_execution
from penstock.engine.message import (
    Begin,
    ChildEnded,
    ChildNotRestarted,
    ChildReplaced,
    ChildStarted,
    Finished,
    KillRequested,
    Lost,
    Message,
    Refused,
    Started,
    TimerDue,
    TimerKind,
)
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
from penstock.engine.replay import next_attempt
from penstock.engine.step import ChildRequest, Event, Job, Renewal, Step, Timer
from penstock.errors import Conflict
from penstock.model.execution import Execution
from penstock.model.flow import Flow
from penstock.model.state import State
from penstock.runtime.slots import Slots, key_of
from penstock.runtime.told import child_ended, child_paused

from .driver import START, PlainPorts
from .invariant import check_index, check_step, owners_missing


class World:
    """What a server, its workers, its clock and its users would do, without any of them."""

    def __init__(self, *flows: Flow) -> None:
        self.flows = {flow.id: flow for flow in flows}
        self.ports = PlainPorts()
        self.now = START
        self.executions: dict[str, Execution] = {}
        self.events: dict[str, list[Event]] = {}
        self.slots = Slots()
        self.leases: dict[tuple[str, str], Job] = {}
        self.timers: list[tuple[str, Timer]] = []
        self.mail: list[tuple[str, Message]] = []
        self.past: list[tuple[str, Message]] = []
        self.killed: set[str] = set()
        self.is_forced = False
        self.steps = 0

    # -- what users do ---------------------------------------------------------------------

    def submit(self, flow_id: str) -> str:
        flow = self.flows[flow_id]
        return self.add(
            new_execution(
                flow,
                id=self.ports.new_id(),
                tenant="main",
                revision=1,
                content_hash="h",
                now=self.now,
            )
        )

    def add(self, execution: Execution) -> str:
        """An execution that is new, begun or queued as its flow's limit says."""
        self.executions[execution.id] = execution
        self.events[execution.id] = []
        at = execution.scheduled_at
        if at is not None and at > self.now:
            self.timers.append((execution.id, Timer(at, TimerKind.SCHEDULE)))
        else:
            self._admit(execution)
        return execution.id

    def kill(self, key: str, *, cascade: bool = True) -> None:
        self.send(key, KillRequested("enough", cascade))

    def operate(self, key: str, operation: Operation | Wish) -> bool:
        """Whether it could be; if not, nothing has changed."""
        execution = self.executions[key]
        was_over = is_over(execution)
        try:
            if isinstance(operation, ForceRun | Unqueue):
                self._let_go(execution, operation)
                return True
            follows: Begin | Refused | None = None
            if isinstance(operation, Restart | SetTaskRunState):
                follows = self._room_again(execution)
            self.send(key, operation)
        except Conflict:
            assert self.executions[key] is execution
            return False
        if isinstance(follows, Begin):
            self.slots.take(self.executions[key])
        elif follows is not None:
            self.slots.queue(self.executions[key])
        if isinstance(follows, Begin) and not was_over:
            self.send(key, follows)
        elif follows is not None:
            self.mail.append((key, follows))
            self.check_slots()
        return True

    # -- what workers, clocks and servers do -------------------------------------------------

    def deliver(self, pick: int) -> None:
        key, message = self.mail.pop(pick % len(self.mail))
        self.past.append((key, message))
        self.send(key, message)

    def repeat(self, pick: int) -> None:
        """Something arrives once more."""
        key, message = self.past[pick % len(self.past)]
        if not isinstance(message, Begin | Refused):
            self.send(key, message)

    def start_work(self, pick: int, skew: float) -> None:
        key, job = self._lease(pick)
        at = self.now + timedelta(seconds=skew)
        self.mail.append((key, Started(job.task_run_id, job.fence, at, "w")))

    def end_work(self, pick: int, state: State, skew: float) -> None:
        key, job = self._lease(pick)
        del self.leases[key, job.task_run_id]
        at = self.now + timedelta(seconds=skew)
        outputs = {"n": job.attempt} if pick % 2 else {}
        self.mail.append(
            (
                key,
                Finished(job.task_run_id, job.fence, state, at, at, "w", dict(outputs)),
            )
        )

    def lose_work(self, pick: int, *, blameless: bool) -> None:
        key, job = self._lease(pick)
        del self.leases[key, job.task_run_id]
        self.mail.append((key, Lost(job.task_run_id, job.fence, blameless)))

    def fire(self, pick: int, *, early: bool = False) -> None:
        """A timer runs out: when it is time, or early, as after a jump of the clock."""
        key, timer = self.timers.pop(pick % len(self.timers))
        if not early:
            self.now = max(self.now, timer.at)
        if timer.kind is TimerKind.SCHEDULE:
            if self.executions[key].state is State.CREATED:
                self._admit(self.executions[key])
            return
        self.send(key, TimerDue(timer.kind, timer.task_run_id, timer.fence))

    def speak_stale(self, key: str, pick: int) -> None:
        """A worker of an earlier attempt wakes up and says something."""
        runs = list(self.executions[key].task_runs.values())
        if runs:
            run = runs[pick % len(runs)]
            fence = run.fence - 1
            said: list[Message] = [
                Started(run.id, fence, self.now, "ghost"),
                Finished(run.id, fence, State.SUCCESS, self.now, self.now, "ghost"),
                Lost(run.id, fence),
                TimerDue(TimerKind.RETRY, run.id, fence),
                TimerDue(TimerKind.TIMEOUT, run.id, fence),
            ]
            for message in said:
                self.send(key, message)

    def crash(self) -> None:
        """The server dies with its workers: only rows are left, and what can be read off them."""
        self.mail = [each for each in self.mail if not isinstance(each[1], Started | Finished)]
        for key, execution in self.executions.items():
            self.executions[key] = replace(execution, task_runs=dict(execution.task_runs))
        lost = {(key, Lost(job.task_run_id, job.fence)) for (key, _), job in self.leases.items()}
        self.leases.clear()
        known = {each for each in self.mail if isinstance(each[1], Lost)}
        self.mail.extend(sorted(lost - known, key=repr))
        for key, execution in self.executions.items():
            self._find_lost(key, execution)

    def settle(self) -> None:
        """Everything that is still to happen happens; then all is over, and nothing is left."""
        for _ in range(20_000):
            if self.mail:
                self.deliver(0)
            elif self.leases:
                self.end_work(0, State.SUCCESS, 0)
            elif not self._fire_next() and not self._answer_somebody():
                break
        for execution in self.executions.values():
            assert is_over(execution), f"{execution.id} stays {execution.state}"
            assert not self.slots.running(key_of(execution)), "a slot is lost"

    # -- one step --------------------------------------------------------------------------

    def send(self, key: str, message: Message) -> Step:
        self.steps += 1
        before = self.executions[key]
        flow = self.flows[before.flow_id]
        step = advance(flow, before, [message], self.now, self.ports)
        after = self.executions[key] = step.execution
        if step.is_rewound:
            self.events[key] = []
        self.events[key].extend(step.events)
        if isinstance(message, KillRequested) and not before.state.is_terminated:
            self.killed.add(key)
        check_step(before, step, message)
        findings = check(after, flow)
        assert findings == [], findings
        check_index(after, flow)
        if key in self.killed:
            assert after.state in {State.KILLING, State.KILLED}
            assert not step.children or after.state is State.KILLED
        self._carry_out(key, step)
        self._tell(before, after)
        if step.renewal is not None:
            self._renew(after, step.renewal)
        for missing in owners_missing(self, key):
            raise AssertionError(missing)
        self.check_slots()
        return step

    def _carry_out(self, key: str, step: Step) -> None:
        for run_id in step.cancels:
            job = self.leases.pop((key, run_id), None)
            if job is not None:
                at = self.now
                said = Finished(run_id, job.fence, State.KILLED, at, at, "w")
                self.mail.append((key, said))
        for job in step.jobs:
            self.leases[key, job.task_run_id] = job
        self.timers.extend((key, timer) for timer in step.timers)
        for child_id in step.child_kills:
            if child_id in self.executions:
                self.mail.append((child_id, KillRequested("parent")))
        for request in step.children:
            self._call(key, request)
        for wanted in step.child_restarts:
            known = wanted.child_id in self.executions
            if not (known and self.operate(wanted.child_id, Restart())):
                said = ChildNotRestarted(wanted.task_run_id, wanted.child_id)
                self.mail.append((key, said))

    def _call(self, key: str, request: ChildRequest) -> None:
        found = self.flows.get(request.flow_id)
        if found is None:
            said = ChildEnded(request.task_run_id, None, State.FAILED, failure="No flow.")
            self.mail.append((key, said))
            return
        child = child_execution(
            request,
            self.executions[key],
            found,
            revision=1,
            content_hash="h",
            now=self.now,
            inputs={},
        )
        self.add(child)
        self.mail.append((key, ChildStarted(request.task_run_id, child.id)))

    def _tell(self, before: Execution, after: Execution) -> None:
        """The parent hears of an end or a pause; an end frees a slot."""
        ends = after.state.is_terminated and not before.state.is_terminated
        if after.parent_id in self.executions:
            if ends and after.state is not State.RETRIED:
                self.mail.append((after.parent_id, child_ended(after)))
            elif (after.state is State.PAUSED) is not (before.state is State.PAUSED):
                self.mail.append((after.parent_id, child_paused(after)))
        if is_over(after):
            self.slots.release(after)
            self._fill_slots(after)

    def _renew(self, ended: Execution, renewal: Renewal) -> None:
        made = next_attempt(ended, self.flows[ended.flow_id], renewal.execution_id, renewal.at)
        if made.parent_id is not None and made.parent_task_run_id is not None:
            said = ChildReplaced(made.parent_task_run_id, ended.id, made.id)
            self.mail.append((made.parent_id, said))
        self.add(made)

    # -- slots -----------------------------------------------------------------------------

    def _admit(self, execution: Execution) -> None:
        flow = self.flows[execution.flow_id]
        message = admit(flow.concurrency, self.slots.running(key_of(execution)))
        if isinstance(message, Begin):
            self.slots.take(execution)
        elif message.state is State.QUEUED:
            self.slots.queue(execution)
        self.mail.append((execution.id, message))

    def _room_again(self, execution: Execution) -> Begin | Refused:
        if not is_over(execution):
            return Begin()
        limit = self.flows[execution.flow_id].concurrency
        message = admit(limit, self.slots.running(key_of(execution)))
        if isinstance(message, Refused) and message.state is not State.QUEUED:
            raise Conflict("There is no slot.")
        return message

    def _let_go(self, execution: Execution, wish: Wish) -> None:
        message = answer(execution, wish)
        if message is None:
            is_halted = execution.state is State.BREAKPOINT
            self.send(
                execution.id,
                ResumeFromBreakpoint("ann") if is_halted else ResumeRequested("ann"),
            )
            return
        if isinstance(message, Begin):
            self.is_forced = True
            self.slots.take(execution)
        self.mail.append((execution.id, message))

    def _fill_slots(self, ended: Execution) -> None:
        key, limit = key_of(ended), self.flows[ended.flow_id].concurrency
        while (first := self.slots.first_queued(key)) is not None:
            if not isinstance(admit(limit, self.slots.running(key)), Begin):
                return
            self.slots.take(self.executions[first])
            self.mail.append((first, Begin()))

    def check_slots(self) -> None:
        """R2: who holds a slot lives, who lives holds one or waits, nobody waits beside a free one."""
        for flow in self.flows.values():
            key = ("main", flow.namespace, flow.id)
            holders, queued = self.slots.holders(key), set(self.slots.queued(key))
            limit = flow.concurrency.limit if flow.concurrency else None
            for id_ in holders | queued:
                assert not is_over(self.executions[id_]), f"{id_} is over but has a slot"
            if limit is not None and not self.is_forced:
                assert len(holders) <= limit, "more run than may"
            assert not queued or (limit is not None and len(holders) >= limit), "a slot is lost"
        for execution in self.executions.values():
            if execution.state in {State.RUNNING, State.PAUSED, State.KILLING, State.RETRYING}:
                assert execution.id in self.slots.holders(key_of(execution))
            if execution.state is State.QUEUED:
                key = key_of(execution)
                assert execution.id in {*self.slots.queued(key), *self.slots.holders(key)}

    # -- the rest --------------------------------------------------------------------------

    def _lease(self, pick: int) -> tuple[str, Job]:
        keys = list(self.leases)
        found = keys[pick % len(keys)]
        return found[0], self.leases[found]

    def _find_lost(self, key: str, execution: Execution) -> None:
        """Results that were on their way are lost as well: their attempts are."""
        told = {
            (message.task_run_id, message.fence)
            for other, message in self.mail
            if other == key and isinstance(message, Lost)
        }
        for run in execution.task_runs.values():
            waits = run.state in {State.CREATED, State.RUNNING, State.KILLING} and run.fence > 0
            if waits and run.child_execution_id is None and (run.id, run.fence) not in told:
                self.mail.append((key, Lost(run.id, run.fence)))

    def _fire_next(self) -> bool:
        if not self.timers:
            return False
        times = [timer.at for _, timer in self.timers]
        self.fire(times.index(min(times)))
        return True

    def _answer_somebody(self) -> bool:
        """Nothing else will happen: a person lets go on what waits for one."""
        for key, execution in self.executions.items():
            if execution.state is State.BREAKPOINT:
                return self.operate(key, ResumeFromBreakpoint("ann", ()))
            waits = any(run.state is State.PAUSED for run in execution.task_runs.values())
            if (execution.paused_by is not None or waits) and self.operate(
                key, ResumeRequested("ann")
            ):
                return True
        return False

    def messages_for(self, key: str) -> Iterator[Message]:
        return (message for other, message in self.mail if other == key)
