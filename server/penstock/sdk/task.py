"""The two kinds of task that a plugin can add."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from penstock.model.frozen import Json
from penstock.model.state import State
from penstock.model.task import Task
from penstock.sdk.context import RunContext

Outputs = dict[str, Json]
"""What later tasks read as ``outputs.<taskId>.<key>``; JSON values only."""


@dataclass(frozen=True, slots=True)
class Result:
    """Outputs with a state other than SUCCESS (WARNING), or with `shared` ones, which the
    flowable around the task gets.
    """

    outputs: Outputs = field(default_factory=dict)
    state: State = State.SUCCESS
    shared: Outputs | None = None


class TaskFailed(Exception):
    """Raised by a task to end its attempt as FAILED with a sentence, and outputs if any."""

    def __init__(self, message: str, *, outputs: Outputs | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.outputs = outputs or {}


class RunnableTask(Task):
    """A task that a worker runs. By then every `Dynamic` property has its real type."""

    instant: ClassVar[bool] = False
    """True for tasks that only compute for microseconds: the executor runs them in place."""
    uses_folder: ClassVar[bool] = False
    """True for tasks that always work in a folder: their expressions see it as `workingDir`."""

    def run(self, context: RunContext) -> Outputs | Result | None:
        """Does the work; returns outputs, or raises `TaskFailed`."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it runs")
