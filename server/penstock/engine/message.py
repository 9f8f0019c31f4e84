"""What can happen to an execution. `advance` takes these and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from penstock.engine.operation import Operation
from penstock.model.frozen import Json
from penstock.model.state import State


@dataclass(frozen=True, slots=True)
class Begin:
    """The execution has been accepted and has its concurrency slot: start it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """No concurrency slot: the execution ends as CANCELLED or FAILED, or waits as QUEUED."""

    state: State
    reason: str


@dataclass(frozen=True, slots=True)
class Started:
    """A worker has begun an attempt."""

    task_run_id: str
    fence: int
    at: datetime
    worker: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A worker's result. `state` is SUCCESS, WARNING, FAILED or KILLED.

    `shared` are outputs of the flowable in whose folder the task worked.
    """

    task_run_id: str
    fence: int
    state: State
    at: datetime
    started_at: datetime
    worker: str
    outputs: dict[str, Json] = field(default_factory=dict)
    failure: str | None = None
    shared: dict[str, Json] | None = None
    log_file: str | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """An attempt has no worker any more: it died, or gave the attempt back (`blameless`).

    The attempt is dispatched anew, unless it was the fifth to take its worker with it.
    """

    task_run_id: str
    fence: int
    blameless: bool = False


@dataclass(frozen=True, slots=True)
class ChildStarted:
    """The child execution of a Subflow task run has been created (same transaction)."""

    task_run_id: str
    child_id: str


@dataclass(frozen=True, slots=True)
class ChildEnded:
    """A child execution ended, or could not be created (`child_id` None, state FAILED)."""

    task_run_id: str
    child_id: str | None
    state: State
    outputs: dict[str, Json] = field(default_factory=dict)
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class ChildReplaced:
    """The child execution ended as RETRIED, and another one goes on in its place."""

    task_run_id: str
    child_id: str
    new_id: str


@dataclass(frozen=True, slots=True)
class ChildNotRestarted:
    """The child execution that was to be restarted cannot be: another one takes its place."""

    task_run_id: str
    child_id: str


@dataclass(frozen=True, slots=True)
class ChildPaused:
    """A child execution that a task waits for was paused, or goes on (`is_paused` False)."""

    task_run_id: str
    child_id: str
    is_paused: bool


class TimerKind(StrEnum):
    """What a timer is for."""

    RETRY = "retry"
    TIMEOUT = "timeout"
    EXECUTION_TIMEOUT = "execution-timeout"
    SLA = "sla"
    WAKE = "wake"
    SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True)
class TimerDue:
    """A timer that `advance` asked for has run out. Stale ones are ignored by `advance`.

    For an SLA its id stands in place of the task run's.
    """

    kind: TimerKind
    task_run_id: str | None = None
    fence: int = 0


@dataclass(frozen=True, slots=True)
class KillRequested:
    """Somebody wants the execution to end now; nothing of it may run afterwards.

    Without `cascade` the executions that it waits for go on.
    """

    reason: str = "killed"
    cascade: bool = True


Message = (
    Operation
    | ChildNotRestarted
    | ChildReplaced
    | Begin
    | Refused
    | Started
    | Finished
    | Lost
    | ChildStarted
    | ChildEnded
    | ChildPaused
    | TimerDue
    | KillRequested
)
