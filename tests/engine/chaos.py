"""Random flows, and a world that delivers what happens in any order, twice, late or not at all."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st

from penstock.engine import advance, check, child_execution, is_over, new_execution
from penstock.engine.message import (
    Begin,
    ChildEnded,
    ChildPaused,
    ChildStarted,
    Finished,
    KillRequested,
    Lost,
    Message,
    Started,
    TimerDue,
)
from penstock.engine.operation import PauseRequested, ResumeRequested
from penstock.engine.plan import plan_of
from penstock.engine.step import Event, Job, Step
from penstock.engine.task_runs import Scope, TaskRuns, build
from penstock.errors import Conflict
from penstock.model.execution import Execution
from penstock.model.flow import Flow
from penstock.model.state import State
from penstock.model.task import Task

from .driver import START, PlainPorts, flow, replay, task

CONDITIONS = ("true", "{{ true }}", "false", "{{ nope }}")
RETRIES = (
    {"type": "constant", "interval": "PT1S", "maxAttempts": 3, "warningOnRetry": True},
    {"type": "random", "minInterval": "PT1S", "maxInterval": "PT3S", "maxAttempts": 2},
    {"type": "exponential", "interval": "PT1S", "maxInterval": "PT9S", "maxDuration": "PT8S"},
)


class _Builder:
    """Makes a tree of tasks with ids that are unique in the flow; `one` picks of several."""

    def __init__(self, one, *, with_calls: bool) -> None:
        self.one = one
        self.count = 0
        self.with_calls = with_calls

    def rarely(self) -> bool:
        return self.one([False] * 5 + [True])

    def tasks(self, depth: int, most: int = 3) -> list[Task]:
        return [self.task(depth) for _ in range(self.one(range(1, most + 1)))]

    def task(self, depth: int) -> Task:
        self.count += 1
        name = f"t{self.count}"
        about: dict[str, object] = {}
        if self.rarely():
            about["runIf"] = self.one(CONDITIONS)
        if self.rarely():
            about["retry"] = self.one(RETRIES)
        about["allowFailure"] = self.rarely()
        about["allowWarning"] = self.rarely()
        about["disabled"] = self.rarely() and self.rarely()
        kinds = ["job"] * 3 + (["subflow"] if self.with_calls else [])
        if depth:
            kinds += ["sequential", "parallel", "if", "each", "pause"]
            kinds += ["dag", "switch", "lenient", "until", "loop"]
        kind = self.one(kinds)
        if self.rarely() and self.rarely():
            kind = "exit"
            states = ["SUCCESS", "WARNING", "FAILED", "CANCELLED", "KILLED"]
            about["state"] = self.one(states)
        elif self.rarely() and self.rarely():
            kind = "set"
            about["variables"] = {"n": "{{ (vars.n ?? 0) + 1 }}"}
        elif kind == "job":
            if self.rarely():
                about["timeout"] = "PT2S"
        elif kind == "subflow":
            about |= {"namespace": "test", "flowId": self.one(["kid", "kid", "nobody"])}
            about |= {"wait": not self.rarely(), "transmitFailed": not self.rarely()}
        else:
            about |= self._flowable(kind, depth - 1)
        return task(kind, name, **about)

    def graph(self, depth: int) -> list[dict[str, object]]:
        """Tasks of which each may wait for some of those before it."""
        tasks = self.tasks(depth, 6)
        return [
            {
                "task": each,
                "dependsOn": [other.id for other in tasks[:at] if self.one([True, False, False])],
            }
            for at, each in enumerate(tasks)
        ]

    def _flowable(self, kind: str, depth: int) -> dict[str, object]:
        about: dict[str, object] = {}
        if self.rarely():
            about["errors"] = self.tasks(depth, 2)
        if self.rarely():
            about["finally"] = self.tasks(depth, 2)
        if kind == "if":
            about["condition"] = self.one(["true", "false", "{{ 1 == 1 }}"])
            about["then"] = self.tasks(depth)
            about["else"] = self.tasks(depth) if self.rarely() else []
            return about
        if kind == "pause":
            about["pauseDuration"] = self.one(["PT1S", "PT5S", None])
            about["behavior"] = self.one(["RESUME", "WARN", "CANCEL", "FAIL"])
            about["timeout"] = self.one(["PT3S", None, None])
            about["onPause"] = self.task(depth) if self.rarely() else None
            about["tasks"] = self.tasks(depth) if self.rarely() else []
            return about
        if kind == "switch":
            about["value"] = self.one(["a", "b", "{{ 'a' }}", "z"])
            about["cases"] = {"a": self.tasks(depth), "b": self.tasks(depth)}
            about["defaults"] = self.tasks(depth) if self.rarely() else []
            return about
        about["tasks"] = self.tasks(depth)
        if kind == "dag":
            about["tasks"] = self.graph(depth)
            about["concurrent"] = self.one([0, 1, 2])
        if kind == "until":
            about["condition"] = self.one(["true", "{{ outputs | length > 3 }}", "false"])
            about["checkFrequency"] = {"interval": "PT1S", "maxIterations": self.one([0, 1, 2])}
            about["failOnMaxReached"] = self.one([True, False])
        if kind == "parallel":
            about["concurrent"] = self.one([0, 1, 2])
        if kind == "loop":
            about["values"] = self.one([["a", "b", "c"], {"x": 1, "y": 1}, [], "[1, 2]"])
            about["concurrencyLimit"] = self.one([0, 1, 2])
            about["transmitFailed"] = not self.rarely()
            about["outputs"] = self.one([[], [{"id": "n", "value": "{{ item.value }}"}]])
            about["breakWhen"] = self.one([None, None, "{{ item.index == 1 }}", "{{ nope }}"])
        if kind == "each":
            about["values"] = self.one([["a", "b", "c"], "[1, 2]", [], ["x", "x"], "{{ nope }}"])
            about["concurrencyLimit"] = self.one([0, 1, 2])
        return about


@st.composite
def flows(draw, *, with_calls: bool = True, name: str = "main") -> Flow:
    """Flows that shrink."""
    return _flow(lambda options: draw(st.sampled_from(options)), name, with_calls=with_calls)


def random_flow(seed: int, *, with_calls: bool = True, name: str = "main") -> Flow:
    """A flow that is made quickly, and is larger."""
    return _flow(random.Random(seed).choice, name, with_calls=with_calls)


def _flow(one, name: str, *, with_calls: bool) -> Flow:
    builder = _Builder(one, with_calls=with_calls)
    about: dict[str, object] = {}
    for section in ("errors", "finally", "after_execution"):
        if builder.one([True, False]):
            about[section] = builder.tasks(1, 2)
    if builder.rarely():
        about["retry"] = builder.one(RETRIES)
    if builder.rarely():
        about["timeout"] = "PT5S"
    if builder.rarely():
        ends = builder.one(["FAIL", "CANCEL", "NONE"])
        sla = {"id": "s", "type": "MAX_DURATION", "behavior": ends, "duration": "PT4S"}
        about["sla"] = [{**sla, "labels": {"late": "yes"}}]
    return flow(*builder.tasks(3), name=name, **about)


def limited(flow: Flow, limit: int, behavior: str) -> Flow:
    """The flow with a concurrency limit; 0 is none."""
    if not limit:
        return flow
    concurrency = {"limit": limit, "behavior": behavior}
    return Flow.model_validate({**flow.__dict__, "concurrency": concurrency})


class Chaos:
    """Delivers messages in a random order; every step is checked."""

    def __init__(self, main: Flow, kid: Flow, seed: int, *, kills: bool = True) -> None:
        self.random = random.Random(seed)
        self.flows = {main.id: main, kid.id: kid}
        self.ports = PlainPorts()
        self.now = START
        self.kills = kills
        self.losses = 5
        self.luck = self.random.choice([4, 20, 100])
        self.executions: dict[str, Execution] = {}
        self.events: dict[str, list[Event]] = {}
        self.pool: list[tuple[str, Message]] = []
        self.killed: set[str] = set()
        self.steps = 0
        first = new_execution(
            main,
            id=self.ports.new_id(),
            tenant="main",
            revision=1,
            content_hash="h",
            now=self.now,
        )
        self.main = first.id
        self._add(first)

    def run(self) -> Chaos:
        """Until every message has been delivered and every execution is over."""
        while self.pool or self._resume_all():
            self.steps += 1
            assert self.steps < 20_000, "it never ends"
            self._disturb()
            index = self.random.randrange(len(self.pool))
            key, message = self.pool.pop(index)
            if self.random.random() < 0.1:
                self.pool.append((key, message))
            self.now += timedelta(seconds=self.random.choice([0, 0, 0.5, 3, -2]))
            self.send(key, message)
        for execution in self.executions.values():
            assert is_over(execution), execution.state
        return self

    def _resume_all(self) -> bool:
        """Nothing else will happen: somebody lets go on what waits for somebody."""
        for key, execution in self.executions.items():
            waits = any(run.state is State.PAUSED for run in execution.task_runs.values())
            if execution.paused_by is not None or waits:
                self.pool.append((key, ResumeRequested("ann")))
        return bool(self.pool)

    def _disturb(self) -> None:
        if self.random.random() < 0.03:
            key = self.random.choice(list(self.executions))
            message = self.random.choice([PauseRequested("ann"), ResumeRequested("ann")])
            self.pool.append((key, message))
        if self.kills and self.random.random() < 0.01:
            key = self.random.choice(list(self.executions))
            self.pool.append((key, KillRequested()))
        if self.losses and self.random.random() < 0.05:
            key = self.random.choice(list(self.executions))
            runs = list(self.executions[key].task_runs.values())
            if runs:
                run = self.random.choice(runs)
                self.losses -= 1
                fence = run.fence - self.random.choice([0, 0, 1])
                self.pool.append((key, Lost(run.id, fence)))

    def send(self, key: str, message: Message) -> None:
        before = self.executions[key]
        main = self.flows[before.flow_id]
        if self.random.random() < 0.2:
            # A server that restarted has only what was stored: no index.
            before = replace(before, task_runs=dict(before.task_runs))
        frozen = _frozen(before)
        try:
            step = advance(main, before, [message], self.now, self.ports)
        except Conflict:
            assert isinstance(message, PauseRequested | ResumeRequested)
            assert _frozen(before) == frozen, "the given value was changed"
            return
        assert _frozen(before) == frozen, "the given value was changed"
        self.executions[key] = step.execution
        self.events[key].extend(step.events)
        if isinstance(message, KillRequested) and not before.state.is_terminated:
            self.killed.add(key)
        if before.state.is_terminated:
            assert step.execution.state is before.state, "it changed after its end"
        self._check(before, step, main)
        self._carry_out(key, step)
        if is_over(step.execution) and not is_over(before):
            self._tell_parent(step.execution)
        elif (before.state is State.PAUSED) is not (step.execution.state is State.PAUSED):
            self._tell_pause(step.execution)

    def _check(self, before: Execution, step: Step, main: Flow) -> None:
        after = step.execution
        assert check(after, main) == []
        replay(after, self.events[after.id])
        differ = {k for k, run in after.task_runs.items() if before.task_runs.get(k) is not run}
        assert differ == set(step.changed)
        for job in step.jobs:
            assert after.task_runs[job.task_run_id].fence == job.fence
        kept = after.task_runs
        if isinstance(kept, TaskRuns):
            read = build(plan_of(main), dict(kept))
            for name in ("active", "retrying", "paused", "holding"):
                assert getattr(kept, name) == getattr(read, name), name
            assert kept.latest == read.latest
            assert kept.outputs == read.outputs
            assert kept.local == read.local
        if after.id in self.killed:
            assert after.state in {State.KILLING, State.KILLED}
        if after.state is State.KILLING:
            assert not step.jobs
            assert not step.children

    def _add(self, execution: Execution) -> None:
        self.executions[execution.id] = execution
        self.events[execution.id] = []
        self.pool.append((execution.id, Begin()))

    def _carry_out(self, key: str, step: Step) -> None:
        for job in step.jobs:
            self._work(key, job)
        for timer in step.timers:
            self.pool.append((key, TimerDue(timer.kind, timer.task_run_id, timer.fence)))
        for request in step.children:
            found = self.flows.get(request.flow_id)
            if found is None:
                ended = ChildEnded(request.task_run_id, None, State.FAILED, failure="No flow.")
                self.pool.append((key, ended))
                continue
            child = child_execution(
                request,
                step.execution,
                found,
                revision=1,
                content_hash="h",
                now=self.now,
                inputs={},
            )
            self._add(child)
            self.pool.append((key, ChildStarted(request.task_run_id, child.id)))
        for child_id in step.child_kills:
            if child_id in self.executions:
                self.pool.append((child_id, KillRequested()))

    def _work(self, key: str, job: Job) -> None:
        state = self.random.choice(
            [State.SUCCESS] * self.luck + [State.FAILED] * 2 + [State.WARNING, State.KILLED]
        )
        if self.random.random() < 0.7:
            self.pool.append((key, Started(job.task_run_id, job.fence, self.now, "w")))
        outputs = {"n": job.attempt} if self.random.random() < 0.5 else {}
        skew = timedelta(seconds=self.random.choice([0, 0, -10, 10]))
        at = self.now + skew
        finished = Finished(
            job.task_run_id, job.fence, state, at, at - timedelta(seconds=1), "w", outputs
        )
        self.pool.append((key, finished))

    def _tell_pause(self, child: Execution) -> None:
        if child.parent_id is not None and child.parent_task_run_id is not None:
            paused = child.state is State.PAUSED
            self.pool.append(
                (child.parent_id, ChildPaused(child.parent_task_run_id, child.id, paused))
            )

    def _tell_parent(self, execution: Execution) -> None:
        if execution.parent_id is None or execution.parent_task_run_id is None:
            return
        ended = ChildEnded(execution.parent_task_run_id, execution.id, execution.state)
        self.pool.append((execution.parent_id, ended))


def _frozen(execution: Execution) -> list[object]:
    """Everything that a step could spoil in the value it is given."""
    runs = execution.task_runs
    found: list[object] = [dict(runs)]
    if isinstance(runs, TaskRuns):
        found += [runs.active, runs.retrying, runs.paused, runs.holding, runs.latest]
        found.append(repr(runs.outputs))
        found += [
            (owner, *(getattr(scope, name) for name in Scope.__slots__))
            for owner, scope in runs.scopes.items()
        ]
    return found
