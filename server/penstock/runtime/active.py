"""Executions that have not ended, as the executor keeps them between transactions."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from penstock.engine.message import Message
from penstock.engine.step import Event, Job
from penstock.model.execution import Execution, Failure, TaskRun
from penstock.runtime.flows import FlowVersion
from penstock.runtime.masking import Masker
from penstock.runtime.rendering import Renderer
from penstock.store.event import EventCells
from penstock.store.log import LogLine
from penstock.store.metric import MetricValue
from penstock.store.timer import StoredTimer


@dataclass(slots=True)
class Active:
    """What is committed of an execution: the value, and how far its lists were numbered."""

    execution: Execution
    version: FlowVersion
    renderer: Renderer
    event_seq: int = 0
    log_seq: int = 0
    has_timers: bool = False
    jobs: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Draft:
    """What the transaction in the making changes of an execution.

    `base` is the committed value, None for a new execution. Nothing of `active` is touched
    before the commit.
    """

    active: Active
    execution: Execution
    base: Execution | None
    event_seq: int
    log_seq: int
    has_timers: bool = False
    messages: deque[Message] = field(default_factory=deque)
    is_ready: bool = False
    is_over: bool = False
    is_rewound: bool = False
    changed: dict[str, None] = field(default_factory=dict)
    events: list[EventCells] = field(default_factory=list)
    lines: list[LogLine] = field(default_factory=list)
    metrics: list[MetricValue] = field(default_factory=list)
    jobs: dict[str, Job] = field(default_factory=dict)
    deferred: list[Job] = field(default_factory=list)
    held: list[Job] = field(default_factory=list)
    cancels: list[str] = field(default_factory=list)
    timers: list[StoredTimer] = field(default_factory=list)
    fired: list[str] = field(default_factory=list)

    @property
    def has_changes(self) -> bool:
        """Whether the execution's own row must be written."""
        old, new = self.base, self.execution
        return old is None or not (
            old.history is new.history
            and old.outputs is new.outputs
            and old.failure is new.failure
            and old.labels is new.labels
            and old.variables is new.variables
            and old.started_at is new.started_at
            and old.ended_at is new.ended_at
            and old.paused_by is new.paused_by
        )

    def add_event(self, event: Event) -> None:
        """Adds a line to the history, without the secrets that the execution has used."""
        self.event_seq += 1
        self.events.append(
            (
                self.execution.id,
                self.event_seq,
                self.execution.tenant,
                event.at,
                event.kind,
                event.state,
                event.task_run_id,
                self.active.renderer.masker.value(event.detail),
            )
        )

    def add_line(self, line: LogLine) -> None:
        """Adds a line to the log, with the next number."""
        self.log_seq += 1
        self.lines.append(
            LogLine(
                line.at,
                line.level,
                line.message,
                line.task_run_id,
                line.task_id,
                line.attempt,
                self.log_seq,
            )
        )


def draft_of(active: Active, *, is_new: bool = False) -> Draft:
    """A draft that changes nothing yet."""
    return Draft(
        active=active,
        execution=active.execution,
        base=None if is_new else active.execution,
        event_seq=active.event_seq,
        log_seq=active.log_seq,
        has_timers=active.has_timers,
    )


def visible(execution: Execution, masker: Masker) -> Execution:
    """The execution as rows and callers may see it: without the secrets that it has used."""
    if masker.is_empty:
        return execution
    return replace(
        execution,
        inputs=masker.value(execution.inputs),
        outputs=masker.value(execution.outputs),
        labels={key: masker.text(value) for key, value in execution.labels.items()},
        variables=masker.value(execution.variables),
        failure=hidden(execution.failure, masker),
        task_runs={key: visible_run(run, masker) for key, run in execution.task_runs.items()},
    )


def visible_run(run: TaskRun, masker: Masker) -> TaskRun:
    """The task run without secrets."""
    if masker.is_empty:
        return run
    return replace(
        run,
        value=None if run.value is None else masker.text(run.value),
        outputs=masker.value(run.outputs),
        progress=masker.value(run.progress),
        failure=hidden(run.failure, masker),
    )


def hidden(failure: Failure | None, masker: Masker) -> Failure | None:
    """The reason without secrets."""
    return None if failure is None else Failure(masker.text(failure.message))
