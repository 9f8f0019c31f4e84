"""What `advance` answers: the new value of the execution and what the world has to do for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from penstock.engine.message import TimerKind
from penstock.model.execution import Execution
from penstock.model.frozen import Json
from penstock.model.state import State
from penstock.model.task import LogLevel


class Ports(Protocol):
    """The things that the pure engine cannot compute itself; tests give plain ones."""

    def new_id(self) -> str:
        """A fresh id for a task run or a child execution."""
        ...

    def render(self, value: Json, variables: Mapping[str, Json], *, typed: bool = False) -> Json:
        """Renders expressions deeply. Raises `penstock.expression.ExpressionError`."""
        ...

    def seal(self, text: str) -> Json:
        """A secret text in the form in which it is kept. Raises the same."""
        ...

    def keep(self, task_id: str, task_run_id: str, name: str, records: list[Json]) -> str:
        """Stores a file of a task run, a line of JSON for each record, under the same URI each
        time; gives it. Raises the same.
        """
        ...


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the execution's append-only history: a state change and what caused it."""

    at: datetime
    kind: str
    state: State
    task_run_id: str | None = None
    detail: dict[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """An attempt that a worker must run; its result must carry the same fence."""

    task_run_id: str
    task_id: str
    fence: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Timer:
    """Wake the execution at `at` with `TimerDue(kind, task_run_id, fence)`."""

    at: datetime
    kind: TimerKind
    task_run_id: str | None = None
    fence: int = 0


@dataclass(frozen=True, slots=True)
class ChildRequest:
    """Start another flow's execution for a Subflow task run, in the same transaction.

    The id is chosen by the engine, so that a repeated request cannot start two. `labels` win
    over the labels of the flow, which win over `inherited_labels`; `start.child_execution`
    builds the execution.
    """

    task_run_id: str
    child_id: str
    namespace: str
    flow_id: str
    revision: int | None
    inputs: dict[str, Json]
    labels: dict[str, str]
    variables: dict[str, Json]
    wait: bool
    inherited_labels: dict[str, str] = field(default_factory=dict)
    scheduled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Renewal:
    """Start the flow again in a new execution, not before `at`, in the same transaction.

    `replay.next_attempt` builds it. Who waits for this execution is told `ChildReplaced`.
    """

    execution_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ChildRestart:
    """Restart the ended child execution of a Subflow task run, in the same transaction.

    When that cannot be, tell the execution `ChildNotRestarted`.
    """

    task_run_id: str
    child_id: str


@dataclass(frozen=True, slots=True)
class EngineLog:
    """A log line that the engine itself writes, such as why a condition failed."""

    at: datetime
    level: LogLevel
    message: str
    task_run_id: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """The whole effect of some messages on one execution.

    `changed` are the ids of task runs that are new or differ. `cancels` are task runs whose
    worker must stop now, `child_kills` child executions to kill. Everything in a step commits
    in one transaction; jobs are dispatched after it. `is_rewound` says that earlier task runs
    are gone: those in `execution` replace all that are stored.
    """

    execution: Execution
    changed: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    jobs: tuple[Job, ...] = ()
    cancels: tuple[str, ...] = ()
    timers: tuple[Timer, ...] = ()
    children: tuple[ChildRequest, ...] = ()
    child_kills: tuple[str, ...] = ()
    logs: tuple[EngineLog, ...] = field(default=())
    child_restarts: tuple[ChildRestart, ...] = ()
    is_rewound: bool = False
    renewal: Renewal | None = None
