"""Runs dates of the past that somebody asked for."""

from __future__ import annotations

from datetime import datetime
from typing import cast

import structlog
from sqlalchemy import Connection

from penstock.model.frozen import Json
from penstock.runtime.clock import Clock
from penstock.runtime.dates import Dates
from penstock.runtime.executor import Executor
from penstock.runtime.flows import FlowVersion, FlowVersions, InvalidFlow
from penstock.runtime.functions import World
from penstock.service import form
from penstock.service.timing import following
from penstock.store import execution as execution_store
from penstock.store import timetable
from penstock.store import trigger as trigger_store
from penstock.store.column import moment
from penstock.store.timetable import TimetableEntry
from penstock.store.trigger import TriggerKey, TriggerRow

_PATIENCE = 60.0
_MOST = 100
"""Dates that one look goes through, so that other triggers get their turn."""
_log = structlog.get_logger("penstock.backfill")


class Backfiller:
    """Goes on with every backfill: the scheduler calls it."""

    def __init__(self, world: World, flows: FlowVersions, executor: Executor, clock: Clock) -> None:
        self._database = world.database
        self._flows = flows
        self._executor = executor
        self._dates = Dates(world, clock)
        self.is_waiting = False
        self._told: set[TriggerKey] = set()

    def tick(self, now: datetime) -> None:
        """Starts what can be started now; `is_waiting` says whether there will be more soon."""
        self.is_waiting = False
        with self._database.read() as tx:
            rows = trigger_store.with_backfill(tx)
        for row in rows:
            if row.backfill is not None and row.backfill.get("paused") is not True:
                self._go_on(row, row.backfill, now)

    def _go_on(self, row: TriggerRow, backfill: dict[str, Json], now: datetime) -> None:
        key = row.key
        with self._database.read() as tx:
            entries = timetable.find(tx, key.tenant, "trigger", key.namespace, key.flow_id)
            started = backfill.get("executionId")
            last = execution_store.head(tx, key.tenant, str(started))
        entry = next((each for each in entries if each.id == key.id), None)
        if entry is None:
            self._move(row, backfill, None)
            return
        version = self._version(row)
        if version is None:
            # Nothing can be executed now: the dates wait until it can.
            self.is_waiting = True
            return
        if last is not None and not last.state.is_terminated and not entry.allow_concurrent:
            self.is_waiting = True
            return
        at, end = moment(backfill["at"]), moment(backfill["end"])
        assert at is not None
        assert end is not None
        for date in _dates(entry, at, end):
            after = self._start(row, entry, version, date=date, backfill=backfill, now=now)
            is_started = after is not None and after.get("executionId") != started
            if after is None or (is_started and not entry.allow_concurrent):
                # Somebody paused or ended it meanwhile, or the next date waits for this one.
                self.is_waiting = True
                return
            backfill, at = after, date
        upcoming = following(entry, at)
        if upcoming is None or upcoming > end:
            self._move(row, backfill, None)
        else:
            self.is_waiting = True

    def _start(
        self,
        row: TriggerRow,
        entry: TimetableEntry,
        version: FlowVersion,
        *,
        date: datetime,
        backfill: dict[str, Json],
        now: datetime,
    ) -> dict[str, Json] | None:
        """Starts the execution of a date, if it is wanted. Gives back the backfill as it is
        then, None when it was changed meanwhile.
        """
        fire, execution = self._dates.execution(
            entry,
            version,
            date,
            now=now,
            inputs=cast("dict[str, Json]", backfill["inputs"]),
            labels=cast("dict[str, str]", backfill["labels"]),
            actor=str(backfill["actor"]),
        )
        after: dict[str, Json] = {**backfill, "at": form.instant(date)}
        if execution is None:
            self._move(row, backfill, after)
            return after
        after["executionId"] = execution.id

        def claim(tx: Connection) -> bool:
            return trigger_store.move_backfill(tx, row.key, backfill, after)

        accepted = self._executor.submit(
            execution, version, guard=claim, warnings=tuple(fire.warnings)
        ).result(_PATIENCE)
        return None if accepted is None else after

    def _version(self, row: TriggerRow) -> FlowVersion | None:
        key = row.key
        try:
            with self._database.read() as tx:
                found = self._flows.latest(tx, key.tenant, key.namespace, key.flow_id)
        except InvalidFlow as error:
            if key not in self._told:
                self._told.add(key)
                _log.error(
                    "the flow of a backfill is not valid", flow=key.flow_id, reason=str(error)
                )
            return None
        self._told.discard(key)
        return None if found is None or found.disabled or found.flow.disabled else found

    def _move(
        self, row: TriggerRow, before: dict[str, Json], after: dict[str, Json] | None
    ) -> None:
        def move(tx: Connection) -> None:
            trigger_store.move_backfill(tx, row.key, before, after)

        self._executor.write(move).result(_PATIENCE)


def _dates(entry: TimetableEntry, after: datetime, end: datetime) -> list[datetime]:
    found: list[datetime] = []
    at = following(entry, after)
    while at is not None and at <= end and len(found) < _MOST:
        found.append(at)
        at = following(entry, at)
    return found
