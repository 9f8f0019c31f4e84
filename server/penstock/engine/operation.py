"""What people may ask of an execution. `advance` raises a `PenstockError` when it cannot be."""

from __future__ import annotations

from dataclasses import dataclass, field

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


Operation = Restart | SetTaskRunState | SetState | SetLabels
