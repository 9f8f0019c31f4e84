"""An execution and its task runs, as values.

They are plain slotted classes rather than Pydantic models: the engine makes thousands of
them a second, and everything in them was checked when it entered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from penstock.model.frozen import Json
from penstock.model.state import State


@dataclass(frozen=True, slots=True)
class StateChange:
    """A state and when it began."""

    state: State
    at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a task run; `worker` names who ran it, `log_file` is the URI of its own log."""

    number: int
    state: State
    started_at: datetime | None = None
    ended_at: datetime | None = None
    worker: str | None = None
    log_file: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task run failed, in a sentence without secrets."""

    message: str


@dataclass(frozen=True, slots=True)
class TaskRun:
    """A task at work in an execution.

    `fence` grows with each dispatch: a result that carries an older one is refused.
    `progress` is what a flowable remembers between steps (counts, next index, a chosen branch).
    `number` is the order of creation within the execution, from 0.
    """

    id: str
    task_id: str
    number: int
    state: State
    history: tuple[StateChange, ...]
    parent_id: str | None = None
    value: str | None = None
    iteration: int | None = None
    attempts: tuple[Attempt, ...] = ()
    outputs: dict[str, Json] | None = None
    failure: Failure | None = None
    fence: int = 0
    progress: dict[str, Json] | None = None
    retry_at: datetime | None = None
    child_execution_id: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """What started an execution: a person or token, a trigger, a parent's task run.

    `variables` is what expressions see as ``trigger.*``.
    """

    type: str
    id: str | None = None
    actor: str | None = None
    variables: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """The Git commit whose flow an execution runs."""

    repository: str | None = None
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class Execution:
    """One run of a flow; `task_runs` is in the order of creation, keyed by task run id.

    `scheduled_at` is when it may start. `breakpoints` are task ids, or ``id.value``, before which
    it stands still. `attempt_number` counts the executions that a retry has made of one request,
    the first of them at `first_created_at`. While
    `paused_by` names somebody who paused it, no task starts.
    """

    id: str
    tenant: str
    namespace: str
    flow_id: str
    flow_revision: int
    flow_hash: str
    state: State
    history: tuple[StateChange, ...]
    created_at: datetime
    inputs: dict[str, Json] = field(default_factory=dict)
    outputs: dict[str, Json] | None = None
    labels: dict[str, str] = field(default_factory=dict)
    variables: dict[str, Json] = field(default_factory=dict)
    origin: Origin | None = None
    source: Source | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    parent_id: str | None = None
    parent_task_run_id: str | None = None
    original_id: str | None = None
    failure: Failure | None = None
    scheduled_at: datetime | None = None
    breakpoints: tuple[str, ...] = ()
    attempt_number: int = 1
    first_created_at: datetime | None = None
    paused_by: str | None = None
    task_runs: Mapping[str, TaskRun] = field(default_factory=dict)
