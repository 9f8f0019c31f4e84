"""What other threads may ask of the executor's thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field

from sqlalchemy import Connection

from penstock.engine.message import Finished, Message
from penstock.engine.operation import Operation, Wish
from penstock.model.execution import Execution
from penstock.runtime.flows import FlowVersion
from penstock.store.audit import AuditRecord
from penstock.store.log import LogLine
from penstock.store.metric import MetricValue

Guard = Callable[[Connection], bool]
"""Runs first in the transaction; when it says False its command is dropped."""


@dataclass(slots=True)
class Answer:
    """Where the outcome of a command goes, after the commit.

    On an event loop all outcomes of a commit travel in one wake-up.
    """

    future: Future[Execution | None] | asyncio.Future[Execution | None]
    loop: asyncio.AbstractEventLoop | None = None


@dataclass(slots=True)
class Submit:
    """Accept a new execution, with its audit record and warnings, in one transaction.

    With a `refusal` it ends at once as FAILED, for that reason.
    """

    execution: Execution
    version: FlowVersion
    answer: Answer | None = None
    audit: AuditRecord | None = None
    guard: Guard | None = None
    warnings: tuple[str, ...] = ()
    refusal: str | None = None


@dataclass(slots=True)
class Kill:
    """End an execution; nothing of it runs afterwards. `audit` is kept if it was not over."""

    execution_id: str
    tenant: str | None
    reason: str
    answer: Answer | None = None
    cascade: bool = True
    audit: AuditRecord | None = None


@dataclass(slots=True)
class Operate:
    """Carry out what somebody asks of an execution, which may have ended long ago.

    The answer is an error when it cannot be; `audit` is kept when it is done.
    """

    execution_id: str
    tenant: str
    operation: Operation | Wish
    answer: Answer
    audit: AuditRecord | None = None


@dataclass(slots=True)
class Deliver:
    """Something happened to an execution."""

    execution_id: str
    message: Message


@dataclass(slots=True)
class Done:
    """A worker has come to an end with a job; its place is free."""

    execution_id: str
    result: Finished | None


@dataclass(slots=True)
class Break:
    """An execution whose command cannot be carried out ends as FAILED with a sentence."""

    execution_id: str
    reason: str
    frees_worker: bool = False


@dataclass(slots=True)
class Record:
    """Lines and values that a running task wrote."""

    execution_id: str
    tenant: str
    lines: list[LogLine] = field(default_factory=list)
    metrics: list[MetricValue] = field(default_factory=list)


@dataclass(slots=True)
class Write:
    """A duty's own statements, within the executor's next transaction."""

    statements: Callable[[Connection], None]
    done: Future[None]


@dataclass(slots=True)
class Wake:
    """Look at the clock; after a deploy also at flows' concurrency limits."""

    limits: bool = False


Command = Submit | Kill | Operate | Deliver | Done | Break | Record | Write | Wake


def settle(answers: Iterable[tuple[Answer, Execution | None, Exception | None]]) -> None:
    """Hands out outcomes: one wake-up for each event loop, whatever the number."""
    by_loop: dict[
        asyncio.AbstractEventLoop, list[tuple[Answer, Execution | None, Exception | None]]
    ] = {}
    for outcome in answers:
        loop = outcome[0].loop
        if loop is None:
            _resolve([outcome])
        else:
            by_loop.setdefault(loop, []).append(outcome)
    for loop, outcomes in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, outcomes)


def _resolve(outcomes: list[tuple[Answer, Execution | None, Exception | None]]) -> None:
    for answer, execution, error in outcomes:
        if answer.future.done():
            continue
        if error is not None:
            answer.future.set_exception(error)
        else:
            answer.future.set_result(execution)
