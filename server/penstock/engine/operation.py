"""What people may ask of an execution. `advance` raises a `PenstockError` when it cannot be."""

from __future__ import annotations

from dataclasses import dataclass, field

from penstock.model.frozen import Json
from penstock.model.state import State


@dataclass(frozen=True, slots=True)
class Restart:
    """Runs what failed again, in the same execution; what succeeded before stays.

    It leaves the execution in RESTARTED; `Begin` or `Refused` must follow, as it needs a slot.
    """


@dataclass(frozen=True, slots=True)
class SetTaskRunState:
    """Gives an ended task run another state; the execution goes on from there."""

    task_run_id: str
    state: State


@dataclass(frozen=True, slots=True)
class SetState:
    """Gives an ended execution another final state; nothing runs."""

    state: State


@dataclass(frozen=True, slots=True)
class SetLabels:
    """Replaces the labels of an ended execution; those of the system stay."""

    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MarkReplayed:
    """Another execution has been made of this one: a label says so, whatever its state is."""


@dataclass(frozen=True, slots=True)
class PauseRequested:
    """Somebody wants that no further task of the execution starts."""

    by: str


@dataclass(frozen=True, slots=True)
class ResumeRequested:
    """Somebody lets a paused execution go on: the whole of it if somebody had paused it, else
    the paused task, which is given what it asks for as `inputs`.

    Without `task_run_id` the task that was paused first.
    """

    by: str
    task_run_id: str | None = None
    inputs: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ForceRun:
    """Lets an execution go on now, whatever it waits for; slots are the executor's business."""

    by: str


@dataclass(frozen=True, slots=True)
class Unqueue:
    """Takes an execution out of the queue for a slot: it runs, or ends as CANCELLED or FAILED."""

    state: State
    by: str


Wish = ForceRun | Unqueue
"""What the executor turns into messages: `Begin` or `Refused`."""


@dataclass(frozen=True, slots=True)
class ResumeFromBreakpoint:
    """Lets the task runs begin that stand at a breakpoint; `breakpoints` replace those before."""

    by: str
    breakpoints: tuple[str, ...] | None = None


Operation = (
    ResumeFromBreakpoint
    | PauseRequested
    | ResumeRequested
    | Restart
    | SetTaskRunState
    | SetState
    | SetLabels
    | MarkReplayed
)
