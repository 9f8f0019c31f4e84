"""A world in memory for `advance`: virtual clock, workers by a table of outcomes, child flows."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import orjson

from penstock.engine import advance, check, child_execution, is_over, new_execution
from penstock.engine.message import (
    Begin,
    ChildEnded,
    ChildNotRestarted,
    ChildPaused,
    ChildReplaced,
    ChildStarted,
    Finished,
    KillRequested,
    Message,
    Started,
    TimerDue,
)
from penstock.engine.operation import PauseRequested, Restart, ResumeRequested
from penstock.engine.plan import plan_of
from penstock.engine.replay import next_attempt
from penstock.engine.step import ChildRequest, ChildRestart, Event, Job, Renewal, Step
from penstock.engine.task_runs import TaskRuns, build
from penstock.errors import Conflict
from penstock.expression import Scope, render_deep
from penstock.model.execution import Execution, TaskRun
from penstock.model.flow import Flow
from penstock.model.frozen import Json
from penstock.model.sealed import sealed
from penstock.model.state import State
from penstock.model.task import Task
from penstock.plugins.core.execution.exit import Exit
from penstock.plugins.core.execution.labels import Labels
from penstock.plugins.core.execution.set_variables import SetVariables
from penstock.plugins.core.flow.allow_failure import AllowFailure
from penstock.plugins.core.flow.dag import Dag
from penstock.plugins.core.flow.for_each import ForEach
from penstock.plugins.core.flow.if_ import If
from penstock.plugins.core.flow.loop import Loop
from penstock.plugins.core.flow.loop_until import LoopUntil
from penstock.plugins.core.flow.parallel import Parallel
from penstock.plugins.core.flow.pause import Pause
from penstock.plugins.core.flow.sequential import Sequential
from penstock.plugins.core.flow.subflow import Subflow
from penstock.plugins.core.flow.switch import Switch
from penstock.plugins.core.flow.working_directory import WorkingDirectory
from penstock.sdk.task import RunnableTask

START = datetime(2026, 1, 1, tzinfo=UTC)


class Work(RunnableTask):
    """Any work; what comes of it is in the driver's table."""


KINDS: dict[str, type[Task]] = {
    "job": Work,
    "sequential": Sequential,
    "parallel": Parallel,
    "if": If,
    "pause": Pause,
    "dag": Dag,
    "switch": Switch,
    "lenient": AllowFailure,
    "until": LoopUntil,
    "each": ForEach,
    "loop": Loop,
    "subflow": Subflow,
    "folder": WorkingDirectory,
    "exit": Exit,
    "labels": Labels,
    "set": SetVariables,
}


def task(kind: str, name: str, **properties: object) -> Task:
    return KINDS[kind].model_validate({"id": name, "type": kind, **properties})


def job(name: str, **properties: object) -> Task:
    return task("job", name, **properties)


def flow(*tasks: Task, name: str = "main", **properties: object) -> Flow:
    return Flow.model_validate({"id": name, "namespace": "test", "tasks": tasks, **properties})


@dataclass
class Outcome:
    """How one attempt ends: after so many virtual seconds."""

    state: State = State.SUCCESS
    outputs: dict[str, Json] = field(default_factory=dict)
    failure: str | None = None
    seconds: float = 1.0


OK = Outcome()
FAIL = Outcome(State.FAILED, failure="It broke.")
WARN = Outcome(State.WARNING)


class PlainPorts:
    """Ids that count, and the real expression language."""

    def __init__(self) -> None:
        self._ids = itertools.count()
        self.files: dict[str, bytes] = {}

    def new_id(self) -> str:
        return f"id{next(self._ids):05}"

    def seal(self, text: str) -> Json:
        return sealed(text)

    def keep(self, task_id: str, task_run_id: str, name: str, records: list[Json]) -> str:
        uri = f"penstock:///{task_id}/{task_run_id}/{name}"
        self.files[uri] = b"".join(orjson.dumps(each) + b"\n" for each in records)
        return uri

    def render(self, value: Json, variables: Mapping[str, Json], *, typed: bool = False) -> Json:
        return render_deep(value, Scope(variables=variables), typed=typed)  # type: ignore[arg-type]


Table = Mapping[str, Outcome | Sequence[Outcome]]


class Driver:
    """Runs executions of flows to their end, one message at a time, checking every step."""

    def __init__(
        self,
        *flows: Flow,
        table: Table | None = None,
        inputs: dict[str, Json] | None = None,
        labels: dict[str, str] | None = None,
        checks: bool = True,
    ) -> None:
        self.flows = {each.id: each for each in flows}
        self.table = dict(table or {})
        self.now = START
        self.ports = PlainPorts()
        self.executions: dict[str, Execution] = {}
        self.events: dict[str, list[Event]] = {}
        self.steps: list[Step] = []
        self.queue: list[tuple[datetime, int, str, Message]] = []
        self.sequence = itertools.count()
        self.cancelled: set[tuple[str, int]] = set()
        self.starts: list[str] = []
        self.checks = checks
        self.main = self._create(flows[0], inputs or {}, labels or {})

    # -- what tests read -------------------------------------------------------------------

    @property
    def execution(self) -> Execution:
        return self.executions[self.main]

    @property
    def states(self) -> dict[str, str]:
        return {_key(run): run.state.value for run in self.execution.task_runs.values()}

    @property
    def order(self) -> list[str]:
        return [_key(run) for run in self.execution.task_runs.values()]

    def run_of(self, key: str) -> TaskRun:
        return next(run for run in self.execution.task_runs.values() if _key(run) == key)

    # -- what tests do ---------------------------------------------------------------------

    def run(self) -> Driver:
        """Until nothing is left to happen."""
        while self.queue:
            self.tick()
        return self

    def run_until(self, ready: Callable[[], bool]) -> Driver:
        while not ready():
            self.tick()
        return self

    def tick(self) -> None:
        at, _, execution_id, message = heapq.heappop(self.queue)
        self.now = max(self.now, at)
        self.send(message, execution_id)

    def post(self, message: Message, seconds: float = 0, execution_id: str | None = None) -> None:
        at = self.now + timedelta(seconds=seconds)
        self._push(at, execution_id or self.main, message)

    def resume(self, key: str | None = None, execution_id: str | None = None, **inputs) -> Step:
        run_id = None if key is None else self.run_of(key).id
        return self.send(ResumeRequested("ann", run_id, inputs), execution_id)

    def pause(self) -> Step:
        return self.send(PauseRequested("ann"))

    def kill(self, execution_id: str | None = None) -> Step:
        return self.send(KillRequested("somebody wanted it"), execution_id)

    def restart(self, execution_id: str | None = None) -> Driver:
        """What failed runs again, once time goes on."""
        self.send(Restart(), execution_id)
        self.post(Begin(), execution_id=execution_id)
        return self

    def again(self, execution: Execution) -> Driver:
        """Goes on with an execution that was made of an earlier one."""
        self.main = execution.id
        self._add(execution)
        return self.run()

    def send(self, message: Message, execution_id: str | None = None) -> Step:
        key = execution_id or self.main
        before = self.executions[key]
        flow_ = self.flows[before.flow_id]
        was_over = is_over(before)
        step = advance(flow_, before, [message], self.now, self.ports)
        self.executions[key] = step.execution
        self.events[key].extend(step.events)
        self.steps.append(step)
        if self.checks:
            assert check(step.execution, flow_) == []
            self._check_index(step.execution, flow_)
            self._check_changes(before, step)
            replay(step.execution, self.events[key])
        self._carry_out(key, step)
        if is_over(step.execution) and not was_over:
            self._tell_parent(step.execution)
        elif (before.state is State.PAUSED) is not (step.execution.state is State.PAUSED):
            self._tell_pause(step.execution)
        return step

    # -- the world -------------------------------------------------------------------------

    def _create(self, flow_: Flow, inputs: dict[str, Json], labels: dict[str, str]) -> str:
        execution = new_execution(
            flow_,
            id=self.ports.new_id(),
            tenant="main",
            revision=1,
            content_hash="hash",
            now=self.now,
            inputs=inputs,
            labels=labels,
        )
        self._add(execution)
        return execution.id

    def _add(self, execution: Execution) -> None:
        self.executions[execution.id] = execution
        self.events[execution.id] = []
        self.post(Begin(), execution_id=execution.id)

    def _push(self, at: datetime, execution_id: str, message: Message) -> None:
        heapq.heappush(self.queue, (at, next(self.sequence), execution_id, message))

    def _carry_out(self, key: str, step: Step) -> None:
        for run_id in step.cancels:
            self._cancel(key, run_id)
        for job_ in step.jobs:
            self._work(key, job_)
        for timer in step.timers:
            self._push(timer.at, key, TimerDue(timer.kind, timer.task_run_id, timer.fence))
        for request in step.children:
            self._start_child(key, request)
        if step.renewal is not None:
            self._renew(key, step.renewal)
        for wanted in step.child_restarts:
            self._restart_child(key, wanted)
        for child_id in step.child_kills:
            if child_id in self.executions:
                self.post(KillRequested("the parent was killed"), execution_id=child_id)

    def outcome(self, job_: Job) -> Outcome:
        found = self.table.get(job_.task_id, OK)
        if isinstance(found, Outcome):
            return found
        return found[min(job_.attempt, len(found)) - 1]

    def _work(self, key: str, job_: Job) -> None:
        outcome = self.outcome(job_)
        self.starts.append(job_.task_id)
        ended = self.now + timedelta(seconds=outcome.seconds)
        self._push(self.now, key, Started(job_.task_run_id, job_.fence, self.now, "worker"))
        self._push(
            ended,
            key,
            Finished(
                job_.task_run_id,
                job_.fence,
                outcome.state,
                ended,
                self.now,
                "worker",
                dict(outcome.outputs),
                outcome.failure,
            ),
        )

    def _cancel(self, key: str, run_id: str) -> None:
        """The worker stops: its result is KILLED instead of what it would have been."""
        run = self.executions[key].task_runs[run_id]
        self._push(
            self.now,
            key,
            Finished(run_id, run.fence, State.KILLED, self.now, self.now, "worker"),
        )

    def _start_child(self, key: str, request: ChildRequest) -> None:
        found = self.flows.get(request.flow_id)
        if found is None:
            message = f"Unable to find flow '{request.namespace}'.'{request.flow_id}'."
            self.post(
                ChildEnded(request.task_run_id, None, State.FAILED, failure=message),
                execution_id=key,
            )
            return
        parent = self.executions[key]
        child = child_execution(
            request,
            parent,
            found,
            revision=1,
            content_hash="hash",
            now=self.now,
            inputs=request.inputs,
        )
        self._add(child)
        self.post(ChildStarted(request.task_run_id, child.id), execution_id=key)

    def _renew(self, key: str, renewal: Renewal) -> None:
        ended = self.executions[key]
        made = next_attempt(ended, self.flows[ended.flow_id], renewal.execution_id, renewal.at)
        self.executions[made.id] = made
        self.events[made.id] = []
        self._push(renewal.at, made.id, Begin())
        if ended.parent_id is not None and ended.parent_task_run_id is not None:
            told = ChildReplaced(ended.parent_task_run_id, ended.id, made.id)
            self.post(told, execution_id=ended.parent_id)

    def _restart_child(self, key: str, wanted: ChildRestart) -> None:
        try:
            self.restart(wanted.child_id)
        except Conflict:
            self.post(ChildNotRestarted(wanted.task_run_id, wanted.child_id), execution_id=key)

    def _tell_parent(self, execution: Execution) -> None:
        if execution.parent_id is None or execution.parent_task_run_id is None:
            return
        if execution.state is State.RETRIED:
            return
        failure = execution.failure.message if execution.failure else None
        message = ChildEnded(
            execution.parent_task_run_id,
            execution.id,
            execution.state,
            execution.outputs or {},
            failure,
        )
        self.post(message, execution_id=execution.parent_id)

    def _tell_pause(self, child: Execution) -> None:
        if child.parent_id is not None and child.parent_task_run_id is not None:
            paused = child.state is State.PAUSED
            message = ChildPaused(child.parent_task_run_id, child.id, paused)
            self.post(message, execution_id=child.parent_id)

    # -- checks of a step ------------------------------------------------------------------

    def _check_index(self, execution: Execution, flow_: Flow) -> None:
        """The index that steps keep is the one that can be read off the task runs."""
        kept = execution.task_runs
        if not isinstance(kept, TaskRuns):
            return
        read = build(plan_of(flow_), dict(kept))
        for name in ("active", "retrying", "paused", "holding"):
            assert getattr(kept, name) == getattr(read, name), name
        if execution.state.is_terminated:
            return
        assert kept.outputs == read.outputs
        assert kept.local == read.local
        assert kept.scopes.keys() == read.scopes.keys()
        timed_out = execution.failure is not None
        for owner, scope in kept.scopes.items():
            other = read.scopes[owner]
            if not timed_out or execution.state is State.KILLING:
                assert (scope.begun, scope.open, scope.worst) == (
                    other.begun,
                    other.open,
                    other.worst,
                )
            assert (scope.side, scope.side_open) == (other.side, other.side_open)
            assert scope.beside == other.beside
            assert (scope.is_broken, scope.yielded) == (other.is_broken, other.yielded)
            assert scope.yields() == other.yields()

    def _check_changes(self, before: Execution, step: Step) -> None:
        differ = {
            key
            for key, run in step.execution.task_runs.items()
            if before.task_runs.get(key) is not run
        }
        if step.is_rewound:
            assert set(step.changed) == set(step.execution.task_runs)
            return
        assert differ == set(step.changed)
        assert {event.task_run_id for event in step.events} - {None} <= differ
        assert before.task_runs.keys() <= step.execution.task_runs.keys()


def replay(execution: Execution, events: Sequence[Event]) -> None:
    """The events alone give the states, their times and the task runs of the projection."""
    if any(run.history[0].at < execution.created_at for run in execution.task_runs.values()):
        return  # copied task runs have their events in the execution from which they come
    runs: dict[str, list[tuple[State, datetime]]] = {}
    own = [(execution.history[0].state, execution.history[0].at)]
    for event in events:
        if event.task_run_id is None:
            own.append((event.state, event.at))
        elif event.task_run_id in execution.task_runs:
            runs.setdefault(event.task_run_id, []).append((event.state, event.at))
    assert own == [(each.state, each.at) for each in execution.history]
    assert list(runs) == list(execution.task_runs)
    for run_id, changes in runs.items():
        history = execution.task_runs[run_id].history
        assert changes == [(each.state, each.at) for each in history]


def _key(run: TaskRun) -> str:
    return run.task_id if run.value is None else f"{run.task_id}[{run.value}]"


def walk(tasks: Sequence[Task]) -> Iterator[Task]:
    for each in tasks:
        yield each
        yield from walk(each.children())
