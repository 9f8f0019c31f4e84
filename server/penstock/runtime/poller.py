"""Evaluates the triggers that ask somebody again and again, each on one server at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from penstock.runtime.attempt import Bench
from penstock.runtime.executor import Executor
from penstock.runtime.flows import FlowVersion, FlowVersions, InvalidFlow
from penstock.runtime.functions import World
from penstock.runtime.poll import Poll, Refused
from penstock.sdk.trigger import PollingTrigger
from penstock.store import execution as execution_store
from penstock.store import trigger as trigger_store
from penstock.store.trigger import TriggerRow

TYPES = ("core.http.Trigger",)
"""The types whose classes are `PollingTrigger`."""
_LEASE = timedelta(seconds=60)
_LATER = timedelta(seconds=60)
"""When a trigger is looked at again of which nothing is known."""
_SOON = timedelta(seconds=1)
_PATIENCE = 60.0
_THREADS = 8
_log = structlog.get_logger("penstock.poller")


class Poller:
    """Looks which triggers are due, and asks in threads of its own: who answers slowly holds up
    neither executions nor schedules.
    """

    name = "poller"
    seconds = 15.0

    def __init__(self, world: World, flows: FlowVersions, executor: Executor, bench: Bench) -> None:
        self._world = world
        self._flows = flows
        self._executor = executor
        self._clock = bench.clock
        self._bench = bench
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="poller")
        self._running: dict[str, Poll] = {}
        self._changed = threading.Condition()

    def tick(self) -> datetime | None:
        """Begins what is due; gives back when the next is."""
        now = self._clock.now()
        self._renew(now)
        with self._world.database.read() as tx:
            rows = trigger_store.due(tx, TYPES, now)
        for row in rows:
            self._begin(row, now)
        with self._world.database.read() as tx:
            upcoming = trigger_store.earliest(tx, TYPES)
        # One that is being evaluated, here or elsewhere, is due as long as that takes.
        return None if upcoming is None else max(upcoming, now + _SOON)

    def stop(self) -> None:
        """Ends what is being asked."""
        with self._changed:
            running = [*self._running.values()]
        for poll in running:
            poll.cancel()
        self._pool.shutdown(cancel_futures=True)

    def join(self, timeout: float = 30.0) -> bool:
        """Waits until nothing is being asked; False when that takes longer. For tests."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._running, timeout)

    def _renew(self, now: datetime) -> None:
        with self._changed:
            owners = [*self._running]
        if owners:
            self._write(lambda tx: trigger_store.renew(tx, owners, now + _LEASE))

    def _begin(self, row: TriggerRow, now: datetime) -> None:
        version, trigger = self._find(row)
        if version is None or trigger is None:
            self._write(lambda tx: trigger_store.move(tx, row, now + _LATER))
            return
        if not trigger.allow_concurrent and self._is_running(row):
            self._write(lambda tx: trigger_store.move(tx, row, now + trigger.interval))
            return
        poll = Poll(self._world, self._bench, row=row, version=version, trigger=trigger)
        taken: list[bool] = []
        self._write(
            lambda tx: taken.append(
                trigger_store.lease(tx, row, poll.id, now=now, until=now + _LEASE)
            )
        )
        if taken[-1]:
            with self._changed:
                self._running[poll.id] = poll
            self._pool.submit(self._evaluate, poll, now + trigger.interval)

    def _evaluate(self, poll: Poll, following: datetime) -> None:
        try:
            if self._submit(poll, following):
                return
            # What was cut short is asked again after the start.
            at = poll.row.next_at if poll.is_cancelled else following
            self._write(lambda tx: trigger_store.release(tx, poll.row, poll.id, next_at=at))
        except Exception:  # noqa: BLE001 - the lease ends by itself, and the next call may succeed
            _log.exception("a trigger cannot be evaluated", **poll.about)
        finally:
            poll.close()
            with self._changed:
                del self._running[poll.id]
                self._changed.notify_all()

    def _submit(self, poll: Poll, following: datetime) -> bool:
        """Whether an execution has been started; with that the trigger is given back."""
        refusal: str | None = None
        try:
            fire, execution = poll.evaluate()
        except Refused as refused:
            if poll.is_cancelled:
                return False
            _log.error("a trigger cannot be evaluated", reason=refused.message, **poll.about)
            if not poll.trigger.fail_on_trigger_error:
                return False
            fire, execution, refusal = refused.fire, refused.fire.execution, refused.message
        if execution is None:
            return False
        at = self._clock.now()

        def claim(tx: Connection) -> bool:
            present = trigger_store.find(tx, poll.row.key)
            if present is None or present.is_off:
                return False
            return trigger_store.release(
                tx, poll.row, poll.id, next_at=following, execution_id=execution.id, at=at
            )

        accepted = self._executor.submit(
            execution, poll.version, guard=claim, warnings=tuple(fire.warnings), refusal=refusal
        ).result(_PATIENCE)
        return accepted is not None

    def _is_running(self, row: TriggerRow) -> bool:
        if row.last_execution_id is None:
            return False
        with self._world.database.read() as tx:
            last = execution_store.head(tx, row.key.tenant, row.last_execution_id)
        return last is not None and not last.state.is_terminated

    def _find(self, row: TriggerRow) -> tuple[FlowVersion | None, PollingTrigger | None]:
        key = row.key
        try:
            with self._world.database.read() as tx:
                version = self._flows.latest(tx, key.tenant, key.namespace, key.flow_id)
        except InvalidFlow as error:
            _log.error("a trigger's flow is not valid", flow=key.flow_id, reason=str(error))
            return None, None
        if version is None or version.disabled or version.flow.disabled:
            return None, None
        found = next((each for each in version.flow.triggers if each.id == key.id), None)
        return version, found if isinstance(found, PollingTrigger) else None

    def _write(self, statements: Callable[[Connection], object]) -> None:
        def write(tx: Connection) -> None:
            statements(tx)

        self._executor.write(write).result(_PATIENCE)
