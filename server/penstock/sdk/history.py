"""What tasks may ask of executions, logs and triggers that are not their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from penstock.model.frozen import Json
from penstock.model.state import State
from penstock.model.task import LogLevel


@dataclass(frozen=True, slots=True)
class Selection:
    """Which executions are meant: by flow, or by a namespace and those below it, by state, and
    by when they were created. Without a namespace all that the flow may use are meant.
    """

    namespace: str | None = None
    flow_id: str | None = None
    states: tuple[State, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """What is removed of executions."""

    executions: bool = True
    logs: bool = True
    metrics: bool = True
    files: bool = True


@dataclass(slots=True)
class Removed:
    """How much was removed."""

    executions: int = 0
    logs: int = 0
    metrics: int = 0
    files: int = 0


class History(Protocol):
    """What is stored of executions, within the tenant and as far as namespaces allow it.

    Each call raises a `PenstockError` when a namespace that it names does not allow it.
    """

    def count(self, selection: Selection) -> int:
        """How many executions there are."""
        ...

    def purge_executions(
        self, selection: Selection, parts: Parts, *, batch_size: int
    ) -> Iterator[Removed]:
        """Removes executions that have ended, batch after batch, each in a transaction."""
        ...

    def flow_namespaces(self) -> tuple[list[str], list[str]]:
        """The namespaces that have or had flows: those that may be used, and the others."""
        ...

    def purge_revisions(
        self,
        namespace: str,
        is_meant: Callable[[str], bool],
        *,
        before: datetime | None,
        keep: int,
    ) -> Iterator[int]:
        """Removes old revisions, flow after flow, each in a transaction: of the flows whose ids
        are meant those from before a time, never one of the newest `keep`, and none by which an
        execution runs.
        """
        ...

    def purge_logs(
        self, selection: Selection, *, execution_id: str | None, levels: Sequence[LogLevel]
    ) -> Iterator[int]:
        """Removes lines of the time of the selection, those of the levels if there are any."""
        ...

    def lines(
        self, execution_id: str, *, task_ids: Sequence[str], level: LogLevel
    ) -> Iterator[dict[str, Json]]:
        """The lines of an execution's log from a level on, of some tasks or of all."""
        ...

    def paused(self, namespace: str, flow_id: str) -> str:
        """The id of the execution of a flow that is paused, the youngest; raises `NotFound`."""
        ...

    def toggle_trigger(self, namespace: str, flow_id: str, trigger: str, *, enabled: bool) -> None:
        """Lets a trigger start executions, or not; raises `NotFound`."""
        ...


def in_utc(moment: datetime | None) -> datetime | None:
    """An aware moment; one without a zone is in UTC."""
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)
