"""Tasks that hold other tasks, and tasks that call another flow.

The engine runs them, not a worker. They decide once, from values, what shall happen
(`Branch`, `FlowCall`); the engine keeps the decision and carries it out step by step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Protocol

from pydantic import Field, SerializeAsAny, TypeAdapter, ValidationError

from penstock.model.dynamic import Unrendered
from penstock.model.frozen import Json
from penstock.model.input import Input
from penstock.model.state import State
from penstock.model.task import Task
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs, TaskFailed

Children = tuple[SerializeAsAny[Task], ...]
"""A list of child tasks in a task's properties."""


class Render(Protocol):
    """Renders expressions deeply with the variables of the task run that decides."""

    def __call__(self, value: Json, *, typed: bool = False) -> Json:
        """The rendered value; `typed` keeps the type of a text that is one expression."""
        ...


@dataclass(frozen=True, slots=True)
class Pausing:
    """How long a task waits before it goes on with its children, and what it is then.

    After `duration` it goes on as `then`; after `timeout` it has failed. With neither it waits
    until somebody resumes it. The child list `beside` runs meanwhile.
    """

    duration: timedelta | None = None
    then: State = State.SUCCESS
    timeout: timedelta | None = None
    beside: str = "on_pause"


@dataclass(frozen=True, slots=True)
class Looping:
    """What a loop decided beside its values: the key of each, when they are those of a map, and
    whether the outputs of all iterations become a file. With `items`, of which each iteration has
    one as `taskrun.items`, the task around gets that file's URI as `calls`, and `iterations`.
    """

    keys: tuple[str, ...] | None = None
    stores: bool = False
    items: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """What a flowable decided when it began: which list of children runs, and how.

    `children` names the list. `values` repeats the list once per value, each repetition being a
    group. Within a group children run one after another when `chained`; otherwise each child
    is a group of its own. `limit` is how many groups run at once, 0 for all of them. With a
    `pause` all of that waits. With `repeats` (of a `RepeatingTask`) the list runs once more
    whenever the task says so. With a `loop` (of a `LoopingTask`) each
    repetition has outputs of its own.
    """

    children: str = "tasks"
    values: tuple[str, ...] | None = None
    chained: bool = True
    limit: int = 1
    outputs: Outputs = field(default_factory=dict)
    pause: Pausing | None = None
    repeats: bool = False
    loop: Looping | None = None


class FlowableTask(Task):
    """A task that starts other tasks. It ends when they have ended, in the worst of their states.

    After the first failed child no further child starts; `errors` runs at once, while children
    that already run may finish. `finally` runs after all of them, but not when somebody kills
    the execution.
    """

    task_fields: ClassVar[tuple[str, ...]] = ("tasks", "errors", "finally_")
    without_effect: ClassVar[frozenset[str]] = frozenset({"timeout", "taskCache", "logToFile"})

    errors: Annotated[
        Children, Field(description="Run one after another when a child failed for good.")
    ] = ()
    finally_: Annotated[
        Children,
        Field(alias="finally", description="Run one after another at the end, whatever happened."),
    ] = ()

    def begin(self, render: Render) -> Branch:
        """Decides what runs. Called once, when the task starts.

        Raises:
            TaskFailed: there is no sensible decision; the task fails with the sentence.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say what it starts")

    def settle(self, children: State) -> State:
        """The task's state, given the worst state of its children."""
        return children

    def needs(self) -> Mapping[str, tuple[str, ...]]:
        """For each child task that waits for others, which; they form no cycle."""
        return {}

    def questions(self) -> tuple[Input, ...]:
        """What whoever resumes a pause of this task is asked for."""
        return ()


class FolderTask(FlowableTask):
    """A flowable whose children work in one folder, on one machine.

    Both methods run in a worker, with a rendered task and the context of a child.
    """

    def prepare(self, context: RunContext) -> None:
        """Fills the folder, before the first child that works in it."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its folder holds")

    def collect(self, context: RunContext) -> Outputs:
        """Outputs of the flowable, asked for after each child that succeeded."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it keeps")


@dataclass(frozen=True, slots=True)
class Round:
    """What follows an iteration: another one after `wait`, or with None the end as `state`."""

    wait: timedelta | None = None
    state: State = State.SUCCESS
    message: str | None = None
    outputs: Outputs = field(default_factory=dict)


class RepeatingTask(FlowableTask):
    """A task that runs its children again until it is content."""

    def after(self, render: Render, count: int, passed: timedelta) -> Round:
        """Decides, after `count` iterations in the time that has passed since the start.

        Raises:
            TaskFailed: there is no sensible decision; the task fails with the sentence.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say when it ends")


@dataclass(frozen=True, slots=True)
class FlowCall:
    """Which flow to execute and how its end becomes the state of the calling task.

    `labels` are the task's own; `inherit_labels` adds those of the calling execution.
    `transmit_failed` copies a child's FAILED, KILLED, PAUSED or WARNING; otherwise the task
    succeeds whatever the child does. Without `wait` the task ends when the child exists. The child
    does not start before `scheduled_at`.
    """

    namespace: str
    flow_id: str
    revision: int | None = None
    inputs: dict[str, Json] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    inherit_labels: bool = False
    wait: bool = True
    transmit_failed: bool = True
    scheduled_at: datetime | None = None


class CallingTask(Task):
    """A task whose work is an execution of another flow."""

    without_effect: ClassVar[frozenset[str]] = frozenset({"taskCache", "logToFile"})

    @property
    def restarts_child(self) -> bool:
        """Whether a restart restarts the execution that failed, rather than to start another."""
        return False

    def call(self, render: Render) -> FlowCall:
        """Says which flow to execute. Called at each attempt.

        Raises:
            TaskFailed: the properties do not render to a call; the task fails with the sentence.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say which flow it calls")


def written(value: object) -> Json:
    """A property's value as it stands in the YAML, for `Render`, whether or not it is dynamic."""
    return value.value if isinstance(value, Unrendered) else value  # type: ignore[return-value]


_duration = TypeAdapter(timedelta)


def duration(name: str, value: Json | timedelta) -> timedelta:
    """A rendered duration; `name` is the property's, for the sentence.

    Raises:
        TaskFailed: it is none.
    """
    if isinstance(value, timedelta):
        return value
    try:
        return _duration.validate_python(value)
    except ValidationError:
        raise TaskFailed(
            f"`{name}` must be an ISO 8601 duration such as PT30S; it rendered to "
            f"`{str(value)[:100]}`."
        ) from None


def whole_number(name: str, value: Json) -> int:
    """A rendered limit, 0 or more; `name` is the property's, for the sentence.

    Raises:
        TaskFailed: it is no such number.
    """
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdigit()):
        raise TaskFailed(
            f"`{name}` must be a whole number of 0 or more; it rendered to `{text[:100]}`."
        )
    return int(text)
