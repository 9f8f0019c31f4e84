"""The executor without threads: a seed decides what arrives, when, how often, and where it dies.

What runs is the executor's own turn (`Cycle`), its slots, alarms, recovery and store; only the
threads around it are played. Crashes come before any statement, before the commit and after it.
"""

from __future__ import annotations

import itertools
import random
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import event

from penstock.engine import check, is_over, new_execution
from penstock.engine.message import Finished, Lost, Message, Started
from penstock.engine.operation import (
    ForceRun,
    Operation,
    PauseRequested,
    Restart,
    ResumeFromBreakpoint,
    ResumeRequested,
    SetState,
    SetTaskRunState,
    Unqueue,
    Wish,
)
from penstock.errors import PenstockError
from penstock.model.execution import Execution
from penstock.model.flow import Flow
from penstock.model.state import State
from penstock.runtime import recovery
from penstock.runtime.attempt import Bench, Work
from penstock.runtime.clock import VirtualClock
from penstock.runtime.command import Answer, Command, Deliver, Done, Kill, Operate, Submit, Wake
from penstock.runtime.context import Place
from penstock.runtime.cycle import Cycle
from penstock.runtime.flows import FlowVersion, of_flow
from penstock.runtime.functions import World
from penstock.secrets.cipher import Cipher
from penstock.secrets.envelope import Key
from penstock.storage.local import LocalStorage
from penstock.store import execution as execution_store
from penstock.store import job as job_store
from penstock.store import schema
from penstock.store.session import Database

from .stand import TENANT, Secrets

_ENDS = [State.SUCCESS] * 8 + [State.FAILED] * 2 + [State.WARNING, State.KILLED]
_OPERATIONS: tuple[Operation | Wish, ...] = (
    PauseRequested("ann"),
    ResumeRequested("ann"),
    ResumeRequested("ann"),
    Restart(),
    Restart(),
    ForceRun("ann"),
    Unqueue(State.RUNNING, "ann"),
    Unqueue(State.CANCELLED, "ann"),
    ResumeFromBreakpoint("ann"),
    SetState(State.WARNING),
)


class Crash(BaseException):
    """The process dies here."""


class Clock(VirtualClock):
    """A clock that somebody may also set back."""

    def jump(self, seconds: float) -> None:
        self.advance(timedelta(seconds=seconds))


class Flows:
    """Flows that need no text."""

    def __init__(self, *flows: Flow) -> None:
        self.versions = {flow.id: of_flow(flow, revision=1, content_hash=flow.id) for flow in flows}

    def latest(self, _tx: object, _tenant: str, _namespace: str, id_: str) -> FlowVersion | None:
        return self.versions.get(id_)

    def at(self, tx: object, tenant: str, namespace: str, id_: str, _revision: int):
        return self.latest(tx, tenant, namespace, id_)


@dataclass
class Workers:
    """Holds what was dispatched until the simulation lets it end."""

    size: int
    works: dict[tuple[str, int], Work] = field(default_factory=dict)
    cancelled: set[tuple[str, int]] = field(default_factory=set)
    starts: list[tuple[str, int]] = field(default_factory=list)

    def dispatch(self, work: Work) -> None:
        assert work.key not in self.works
        assert work.execution.state is not State.KILLING, "a killed execution starts something"
        self.works[work.key] = work
        self.starts.append(work.key)

    def cancel(self, task_run_id: str) -> None:
        self.cancelled |= {key for key in self.works if key[0] == task_run_id}

    @property
    def busy(self) -> int:
        return len(self.works)


class Simulation:
    """Everything of one seed; `run` raises what does not hold."""

    def __init__(self, folder: Path, seed: int, *flows: Flow) -> None:
        self.random = random.Random(seed)
        self.clock = Clock(datetime.fromisoformat("2026-01-01T00:00:00Z"))
        self.database = Database(f"sqlite:///{folder}/{seed}.db")
        event.listen(self.database.engine, "connect", _do_not_sync)
        schema.prepare(self.database)
        event.listen(self.database.engine, "before_cursor_execute", self._statement)
        self.flows = Flows(*flows)
        self.world = World(
            self.database, Secrets(), LocalStorage(folder / "files"), cipher=Cipher(Key(bytes(32)))
        )
        self.bench = Bench(self.clock, Place(folder / "work"))
        self.ids = itertools.count()
        self.inbox: list[Command] = []
        self.past: list[tuple[str, Message]] = []
        self.promised: list[tuple[str, Future[Execution | None]]] = []
        self.accepted: set[str] = set()
        self.killed: set[str] = set()
        self.submitted: list[str] = []
        self.kept: dict[str, object] = {}
        self.fuse: int | None = None
        self.steps = self.crashes = 0
        self._boot()

    # -- life and death ----------------------------------------------------------------------

    def _boot(self) -> None:
        """What `Executor.start` does."""
        self.workers = Workers(self.random.choice([1, 2, 8]))
        self.cycle = Cycle(self.world, self.flows, self.bench, self.workers, f"owner{self.crashes}")
        with self.database.read() as tx:
            found = recovery.load(tx, self.cycle.core, self.flows, self.clock.now())
            assert not found.broken
            messages = recovery.messages(tx, self.cycle.core)
        self.cycle.alarms.add(found.timers)
        self.inbox = [Deliver(id_, message) for id_, message in messages]
        self.inbox.append(Wake(limits=True))
        self._compare_rows()

    def _die(self) -> None:
        self.crashes += 1
        self.fuse = None
        self.promised = []
        self._boot()

    def _statement(self, *_: object) -> None:
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse < 0:
                raise Crash

    # -- one turn ----------------------------------------------------------------------------

    def turn(self, *, all_: bool = False) -> None:
        """Some of what has arrived, in any order, in one transaction; perhaps the last one."""
        count = len(self.inbox) if all_ else self.random.randint(0, len(self.inbox))
        if not all_:
            self.random.shuffle(self.inbox)
        commands, self.inbox = self.inbox[:count], self.inbox[count:]
        self.steps += max(1, len(commands))
        try:
            self.cycle.run(commands)
            dies = not all_ and self.random.random() < 0.02
        except Crash:
            dies = True
        finally:
            self.fuse = None
        if dies:
            self._die()
            return
        self._answers()
        self._check()

    def _answers(self) -> None:
        """What was acknowledged holds from now on."""
        waiting = []
        for what, future in self.promised:
            if not future.done():
                waiting.append((what, future))
                continue
            with suppress(PenstockError):
                answered = future.result()
                assert answered is not None
                if what == "submit":
                    self.accepted.add(answered.id)
                elif what == "kill" and answered.state in {State.KILLING, State.KILLED}:
                    self.killed.add(answered.id)
        self.promised = waiting

    def _check(self) -> None:
        core = self.cycle.core
        running: dict[str, int] = {}
        for id_, active in core.active.items():
            execution = active.execution
            assert not is_over(execution), f"{id_} is over, but active"
            findings = check(execution, active.version.flow)
            assert findings == [], findings
            if id_ in self.killed:
                assert execution.state in {State.KILLING, State.KILLED}
            if execution.state not in {State.CREATED, State.QUEUED}:
                running[execution.flow_id] = running.get(execution.flow_id, 0) + 1
        for flow_id, version in self.flows.versions.items():
            key = (TENANT, version.flow.namespace, flow_id)
            assert core.slots.running(key) == running.get(flow_id, 0), "slots are miscounted"
            assert set(core.slots.queued(key)) <= set(core.active), "one waits that is over"
            limit = version.flow.concurrency
            full = limit is not None and core.slots.running(key) >= limit.limit
            assert full or not core.slots.queued(key), "one waits beside a free slot"
        done = sum(isinstance(each, Done) for each in self.inbox)
        assert self.cycle.idle()[1] == self.workers.busy + done, "workers are miscounted"
        for (run_id, fence), work in self.workers.works.items():
            active = core.active.get(work.execution.id)
            run = None if active is None else active.execution.task_runs.get(run_id)
            wanted = run is not None and run.fence == fence and not run.state.is_terminated
            assert wanted or (run_id, fence) in self.workers.cancelled, "one works for nothing"

    def _compare_rows(self) -> None:
        """After a start: what was acknowledged is there, and what was recorded has stayed."""
        stored = self.stored()
        assert self.accepted <= stored.keys(), "an accepted execution is gone"
        active = {id_ for id_, each in stored.items() if not is_over(each)}
        assert active == set(self.cycle.core.active)
        for id_ in self.killed:
            assert stored[id_].state in {State.KILLING, State.KILLED}

    def stored(self) -> dict[str, Execution]:
        fuse, self.fuse = self.fuse, None
        with self.database.read() as tx:
            ids = {item.id for item in execution_store.page(tx, TENANT, limit=10_000).items}
            found = {id_: execution_store.get(tx, TENANT, id_) for id_ in sorted(ids)}
        self.fuse = fuse
        return {id_: each for id_, each in found.items() if each is not None}

    # -- what happens ------------------------------------------------------------------------

    def act(self) -> None:
        """One thing, chosen at random."""
        acts = [
            (self.work, 10),
            (self.submit, 2 if len(self.submitted) < 8 else 0),
            (self.tick, 3),
            (self.kill, 0.3),
            (self.operate, 2),
            (self.repeat, 2),
            (self.lose, 0.5),
            (self.jump, 1),
            (self.light, 0.5),
        ]
        [act] = self.random.choices([a for a, _ in acts], [w for _, w in acts])
        act()

    def submit(self) -> None:
        version = self.flows.versions["main"]
        made = new_execution(
            version.flow,
            id=f"x{next(self.ids):06}",
            tenant=TENANT,
            revision=1,
            content_hash="main",
            now=self.clock.now(),
        )
        future: Future[Execution | None] = Future()
        self.promised.append(("submit", future))
        self.submitted.append(made.id)
        self.inbox.append(Submit(made, version, Answer(future)))

    def _any(self) -> Execution | None:
        found = [active.execution for active in self.cycle.core.active.values()]
        if self.random.random() < 0.3 or not found:
            found = [] if not self.accepted else list(self.stored().values())
        return self.random.choice(found) if found else None

    def kill(self) -> None:
        execution = self._any()
        if execution is not None:
            future: Future[Execution | None] = Future()
            self.promised.append(("kill", future))
            self.inbox.append(Kill(execution.id, TENANT, "enough", Answer(future)))

    def operate(self) -> None:
        execution = self._any()
        if execution is None:
            return
        wish = self.random.choice(_OPERATIONS)
        runs = list(execution.task_runs)
        if runs and self.random.random() < 0.2:
            state = self.random.choice([State.SUCCESS, State.FAILED, State.WARNING])
            wish = SetTaskRunState(self.random.choice(runs), state)
        future: Future[Execution | None] = Future()
        self.promised.append(("operate", future))
        self.inbox.append(Operate(execution.id, TENANT, wish, Answer(future)))

    def work(self) -> None:
        if self.workers.works:
            self._finish(self.random.choice(list(self.workers.works)))

    def _finish(self, key: tuple[str, int], state: State | None = None) -> None:
        work = self.workers.works.pop(key)
        state = state or self.random.choice(_ENDS)
        if key in self.workers.cancelled and self.random.random() < 0.8:
            state = State.KILLED
        self.workers.cancelled.discard(key)
        now = self.clock.now()
        id_, (run_id, fence) = work.execution.id, key
        started = Started(run_id, fence, now, "w")
        outputs = {"n": fence} if self.random.random() < 0.5 else {}
        finished = Finished(run_id, fence, state, now, now, "w", dict(outputs))
        self.past += [(id_, started), (id_, finished)]
        if self.random.random() < 0.8:
            self.inbox.append(Deliver(id_, started))
        self.inbox.append(Done(id_, finished))

    def repeat(self) -> None:
        if self.past:
            self.inbox.append(Deliver(*self.random.choice(self.past)))

    def lose(self) -> None:
        """A worker's attempt is taken for lost although it runs on."""
        if self.workers.works:
            key = self.random.choice(list(self.workers.works))
            work = self.workers.works[key]
            self.workers.cancelled.add(key)
            self.inbox.append(Deliver(work.execution.id, Lost(*key)))

    def tick(self) -> None:
        at = self.cycle.alarms.next_at()
        if at is not None:
            self.clock.jump(max(0.0, (at - self.clock.now()).total_seconds()))

    def jump(self) -> None:
        self.clock.jump(self.random.choice([-5, -1, 0.5, 30]))

    def light(self) -> None:
        """The process will die before one of the next statements."""
        self.fuse = self.random.randint(0, 30)

    # -- the whole ---------------------------------------------------------------------------

    def run(self, acts: int) -> Simulation:
        self.submit()
        for _ in range(acts):
            self.act()
            if self.random.random() < 0.7:
                self.turn()
        self._settle()
        return self

    def _settle(self) -> None:
        self.fuse = None
        for _ in range(3000):
            self.turn(all_=True)
            if self.inbox or self.cycle.seconds_to_wait() == 0.0:
                continue
            if self.workers.works:
                self._finish(next(iter(self.workers.works)), State.SUCCESS)
            elif not self.cycle.core.active:
                break
            elif self.cycle.alarms.next_at() is not None:
                self.tick()
            else:
                self._let_go()
        assert not self.cycle.core.active, [
            (each.execution.id, each.execution.state) for each in self.cycle.core.active.values()
        ]
        for id_, execution in self.stored().items():
            assert is_over(execution)
            flow = self.flows.versions[execution.flow_id].flow
            assert check(execution, flow) == [], id_
        with self.database.read() as tx:
            assert job_store.everyone(tx) == [], "a lease is left"

    def _let_go(self) -> None:
        for id_, active in self.cycle.core.active.items():
            execution = active.execution
            runs = execution.task_runs.values()
            waits = any(
                r.state is State.PAUSED and active.version.tasks[r.task_id].type == "pause"
                for r in runs
            )
            wish: Operation | None = None
            if execution.state is State.BREAKPOINT:
                wish = ResumeFromBreakpoint("ann", ())
            elif execution.paused_by is not None or waits:
                wish = ResumeRequested("ann")
            if wish is not None:
                self.inbox.append(Operate(id_, TENANT, wish, Answer(Future())))


def _do_not_sync(connection, _entry) -> None:
    connection.execute("PRAGMA synchronous=OFF")
