"""One step in the making: what has changed so far, and what the world shall do."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from penstock.engine.evolve import evolve, evolve_execution
from penstock.engine.message import TimerKind
from penstock.engine.place import place_of
from penstock.engine.plan import Node, Plan
from penstock.engine.step import (
    ChildRequest,
    ChildRestart,
    EngineLog,
    Event,
    Job,
    Ports,
    Renewal,
    Step,
    Timer,
)
from penstock.engine.task_runs import Scope, add_outputs, build, indexed
from penstock.model.execution import Execution, Failure, StateChange, TaskRun
from penstock.model.flow import Flow
from penstock.model.frozen import Json
from penstock.model.state import TERMINATED, State
from penstock.model.task import LogLevel


class Look(Enum):
    """What must be looked at before the step is over."""

    CHILD = "child"
    """A task run that has ended: its parent counts it."""
    SCOPE = "scope"
    """A flowable, or the flow: it may start something, or end."""
    EXIT = "exit"
    """A task run that ends the execution."""


class Work:
    """Collects the changes of a step. Nothing given is changed: copies are made when needed.

    `todo` holds the ends of task runs and scopes that must be looked at before the step is over.
    `leaving` is the task run that is about to end the execution: its later siblings do not start.
    """

    def __init__(
        self, flow: Flow, plan: Plan, execution: Execution, now: datetime, ports: Ports
    ) -> None:
        self.flow = flow
        self.plan = plan
        self.ports = ports
        self.given = execution
        self.runs = indexed(plan, execution)
        self.now = max(now, execution.history[-1].at, self.runs.latest or now)
        self.state = execution.state
        self.history = execution.history
        self.started_at = execution.started_at
        self.ended_at = execution.ended_at
        self.failure = execution.failure
        self.paused_by = execution.paused_by
        self.breakpoints = execution.breakpoints
        self.outputs = execution.outputs
        self.labels = execution.labels
        self.variables = execution.variables
        self.leaving: str | None = None
        self.todo: deque[tuple[Look, str | None]] = deque()
        self.changed: dict[str, None] = {}
        self.events: list[Event] = []
        self.jobs: dict[str, Job] = {}
        self.cancels: list[str] = []
        self.timers: list[Timer] = []
        self.children: dict[str, ChildRequest] = {}
        self.child_kills: list[str] = []
        self.child_restarts: list[ChildRestart] = []
        self.is_rewound = False
        self.renewal: Renewal | None = None
        self.logs: list[EngineLog] = []
        self._forked = False
        self._own_scopes: set[str | None] = set()
        self._own_outputs: set[int] = set()

    # -- reading ---------------------------------------------------------------------------

    def node(self, run: TaskRun) -> Node:
        """The task of a task run."""
        return self.plan.nodes[run.task_id]

    def execution(self) -> Execution:
        """The execution as it stands now."""
        if (
            not self._forked
            and self.history is self.given.history
            and self.labels is self.given.labels
            and self.paused_by is self.given.paused_by
        ):
            return self.given
        return evolve_execution(
            self.given,
            state=self.state,
            history=self.history,
            started_at=self.started_at,
            ended_at=self.ended_at,
            failure=self.failure,
            paused_by=self.paused_by,
            breakpoints=self.breakpoints,
            outputs=self.outputs,
            labels=self.labels,
            variables=self.variables,
            task_runs=self.runs,
        )

    # -- writing ---------------------------------------------------------------------------

    def put(self, run: TaskRun) -> TaskRun:
        """Stores a new or changed task run."""
        if not self._forked:
            self.fork()
        self.runs[run.id] = run
        self.changed[run.id] = None
        return run

    # Any: as in `evolve`.
    def amend(self, run: TaskRun, **changes: Any) -> TaskRun:
        """Changes a task run without changing its state."""
        return self.put(evolve(run, **changes))

    def fork(self) -> None:
        """Makes the task runs this step's own."""
        if not self._forked:
            self.runs = self.runs.fork()
            self._forked = True

    def adopt(self, runs: Mapping[str, TaskRun]) -> None:
        """Goes on with other task runs than before, all of which are stored anew."""
        self.runs = build(self.plan, runs)
        self._forked = self.is_rewound = True
        self._own_scopes = set(self.runs.scopes)
        self.changed = dict.fromkeys(self.runs)

    def scope(self, owner_id: str | None) -> Scope:
        """The scope of an open flowable, or of the flow, to change."""
        if owner_id not in self._own_scopes:
            self.fork()
            self.runs.scopes[owner_id] = self.runs.scopes[owner_id].copy()
            self._own_scopes.add(owner_id)
        return self.runs.scopes[owner_id]

    def open_scope(self, owner_id: str, scope: Scope) -> None:
        """Adds the scope of a flowable that has begun."""
        self.runs.scopes[owner_id] = scope
        self._own_scopes.add(owner_id)

    def show_outputs(self, run: TaskRun, outputs: dict[str, Json]) -> None:
        """Lets later expressions see a task run's outputs."""
        self.fork()
        owner, path = place_of(self.runs, run)
        if owner is None:
            self.runs.outputs = tree = self._own(self.runs.outputs)
        else:
            self.runs.local[owner] = tree = self._own(self.runs.local.get(owner, {}))
        add_outputs(tree, path, outputs, fresh=self._own_outputs)

    def forget(self, loop_id: str, iteration: int) -> None:
        """Drops what only the tasks of an iteration could see."""
        self.fork()
        self.runs.local.pop((loop_id, iteration), None)

    def _own(self, tree: dict[str, Json]) -> dict[str, Json]:
        """The dictionary, as a copy unless it is one of this step."""
        if id(tree) not in self._own_outputs:
            tree = dict(tree)
            self._own_outputs.add(id(tree))
        return tree

    # Any: as in `evolve`.
    def move(
        self,
        run: TaskRun,
        state: State,
        kind: str,
        *,
        at: datetime | None = None,
        detail: dict[str, Json] | None = None,
        **changes: Any,
    ) -> TaskRun:
        """Changes a task run's state, with its event. `at` is not later than now."""
        moment = self.now if at is None else max(run.history[-1].at, at)
        changes["state"] = state
        changes["history"] = (*run.history, StateChange(state, moment))
        if state in TERMINATED:
            changes["ended_at"] = moment
            changes["retry_at"] = None
        new = self.put(evolve(run, **changes))
        if self.runs.latest is None or moment > self.runs.latest:
            self.runs.latest = moment
        if state in TERMINATED:
            self.runs.active -= 1
        self.runs.count(run.state, state, is_flowable=self.node(run).flowable is not None)
        if new.failure is not None and new.failure is not run.failure:
            detail = {**(detail or {}), "message": new.failure.message}
        self.events.append(Event(moment, kind, state, run.id, detail))
        return new

    def ended(self, run: TaskRun) -> None:
        """Notes that a task run has ended, so that its parent counts it."""
        self.todo.append((Look.CHILD, run.id))

    def look_at(self, owner_id: str | None) -> None:
        """Notes that a flowable, or the flow (None), may start something or end."""
        self.todo.append((Look.SCOPE, owner_id))

    def leave(self, run: TaskRun) -> None:
        """Notes that a task run ends the execution, once what began before it has begun."""
        self.leaving = run.id
        self.todo.append((Look.EXIT, run.id))

    def turn(self, state: State, kind: str, message: str | None = None) -> None:
        """Changes the execution's state, with its event; `message` becomes its failure."""
        self.state = state
        self.history = (*self.history, StateChange(state, self.now))
        if message is not None:
            self.failure = Failure(message)
        if state in TERMINATED:
            self.ended_at = self.now
        detail: dict[str, Json] | None = None if message is None else {"message": message}
        self.events.append(Event(self.now, kind, state, None, detail))

    def log(self, message: str, run: TaskRun | None = None) -> None:
        """Writes an ERROR line to the execution's log."""
        self.logs.append(
            EngineLog(self.now, LogLevel.ERROR, message, None if run is None else run.id)
        )

    def wake(
        self,
        at: datetime,
        kind: TimerKind,
        run: TaskRun | None = None,
        fence: int = 0,
        *,
        name: str | None = None,
    ) -> None:
        """Asks for a timer: of a task run, or of something in the flow that has a `name`."""
        self.timers.append(Timer(at, kind, name if run is None else run.id, fence))

    # -- the result ------------------------------------------------------------------------

    def step(self) -> Step:
        """Everything that this step does."""
        return Step(
            self.execution(),
            tuple(self.changed),
            tuple(self.events),
            tuple(self.jobs.values()),
            tuple(self.cancels),
            tuple(self.timers),
            tuple(self.children.values()),
            tuple(self.child_kills),
            tuple(self.logs),
            tuple(self.child_restarts),
            self.is_rewound,
            self.renewal,
        )
