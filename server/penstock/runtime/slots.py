"""Who holds a concurrency slot of which flow, and who waits for one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from penstock.model.execution import Execution
from penstock.model.state import State

Key = tuple[str, str, str]
"""Tenant, namespace, flow id: a flow's executions share slots whatever their revision."""


def key_of(execution: Execution) -> Key:
    """The flow whose slots an execution uses."""
    return execution.tenant, execution.namespace, execution.flow_id


class Slots:
    """A view of the active executions, so it is right after a crash: rows are the truth."""

    def __init__(self) -> None:
        self._running: dict[Key, set[str]] = {}
        self._queued: dict[Key, dict[str, None]] = {}

    def rebuild(self, active: Iterable[Execution]) -> None:
        """Counts anew; waiting ones in the order in which they were created."""
        self._running.clear()
        self._queued.clear()
        for execution in sorted(active, key=lambda each: (each.created_at, each.id)):
            if execution.state is State.QUEUED:
                self.queue(execution)
            elif execution.state is not State.CREATED:
                self.take(execution)

    def running(self, key: Key) -> int:
        """How many executions of a flow hold a slot."""
        return len(self._running.get(key, ()))

    def take(self, execution: Execution) -> None:
        """The execution runs."""
        key = key_of(execution)
        self._unqueue(key, execution.id)
        self._running.setdefault(key, set()).add(execution.id)

    def queue(self, execution: Execution) -> None:
        """The execution waits, behind those that waited before."""
        self._queued.setdefault(key_of(execution), {})[execution.id] = None

    def release(self, execution: Execution) -> bool:
        """The execution has ended; tells whether somebody waits for its flow."""
        key = key_of(execution)
        holders = self._running.get(key)
        if holders is not None:
            holders.discard(execution.id)
            if not holders:
                del self._running[key]
        self._unqueue(key, execution.id)
        return key in self._queued

    def first_queued(self, key: Key) -> str | None:
        """Who waits longest for a slot of the flow."""
        return next(iter(self._queued.get(key, ())), None)

    def holders(self, key: Key) -> frozenset[str]:
        """Which executions hold a slot of a flow."""
        return frozenset(self._running.get(key, ()))

    def queued(self, key: Key) -> list[str]:
        """Which executions wait for a slot of a flow, longest first."""
        return list(self._queued.get(key, ()))

    def keys_queued(self) -> Iterator[Key]:
        """Flows for which somebody waits."""
        return iter(list(self._queued))

    def _unqueue(self, key: Key, execution_id: str) -> None:
        waiting = self._queued.get(key)
        if waiting is not None:
            waiting.pop(execution_id, None)
            if not waiting:
                del self._queued[key]
