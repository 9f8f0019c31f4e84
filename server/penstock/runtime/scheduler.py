"""Fires schedules and Schedule triggers when they are due, each fire once among all servers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from penstock.expression.error import ExpressionError
from penstock.plugins.core.trigger.schedule_on_dates import moments_of
from penstock.runtime.backfill import Backfiller
from penstock.runtime.clock import Clock
from penstock.runtime.dates import Dates
from penstock.runtime.executor import Executor
from penstock.runtime.flows import FlowVersion, FlowVersions, InvalidFlow
from penstock.runtime.functions import World
from penstock.service import schedule_override, trigger
from penstock.service.timing import following, is_rendered
from penstock.store import schedule_override as schedule_store
from penstock.store import timetable
from penstock.store import trigger as trigger_store
from penstock.store.timetable import TimetableEntry
from penstock.telemetry import metric

_log = structlog.get_logger("penstock.scheduler")
_PATIENCE = 60.0
_TYPE = "core.trigger.Schedule"


class Scheduler:
    """Looks at the timetable and starts what is due."""

    name = "scheduler"
    seconds = 15.0

    def __init__(
        self,
        world: World,
        flows: FlowVersions,
        executor: Executor,
        clock: Clock,
        *,
        missed: str = "ALL",
    ) -> None:
        self._missed = missed
        self._dates = Dates(world, clock)
        self._backfiller = Backfiller(world, flows, executor, clock)
        self._world = world
        self._database = world.database
        self._flows = flows
        self._executor = executor
        self._clock = clock

    def tick(self) -> datetime | None:
        """Fires everything that is due; gives back when the next is."""
        now = self._clock.now()
        self._end_overrides(now)
        self._backfiller.tick(now)
        seen: set[tuple[str, str, str, str, str]] = set()
        while True:
            with self._database.read() as tx:
                entries = timetable.due(tx, now)
            fresh = [entry for entry in entries if _key(entry) not in seen]
            if not fresh:
                break
            for entry in fresh:
                seen.add(_key(entry))
                self._fire(entry, now)
        with self._database.read() as tx:
            upcoming = timetable.earliest(tx)
            is_waiting = timetable.is_waiting(tx, now) or self._backfiller.is_waiting
        later = None if upcoming is None else max(upcoming, now + timedelta(milliseconds=50))
        if not is_waiting:
            return later
        # The end of an execution tells nobody here; a late fire is worth a look each second.
        soon = now + timedelta(seconds=1)
        return soon if later is None else min(later, soon)

    def _end_overrides(self, now: datetime) -> None:
        """What somebody decided for a while is over: what is declared counts again."""
        with self._database.read() as tx:
            rows = trigger_store.expired(tx, now)
            schedules = schedule_store.expired(tx, now)
        if not rows and not schedules:
            return

        def follow(tx: Connection) -> None:
            for row in rows:
                trigger.end_override(tx, row, now)
            for each in schedules:
                schedule_override.end_override(tx, each.key, now)

        self._executor.write(follow).result(_PATIENCE)
        self._executor.declared()

    def _fire(self, entry: TimetableEntry, now: datetime) -> None:
        version = self._version(entry)
        if version is not None and not is_rendered(entry):
            self._render_dates(entry, version, now)
            return
        found = self._dates.fires(entry, version, now, default=self._missed)
        if found.skipped:
            metric.SCHEDULE_FIRES.labels("missed").inc(found.skipped)
            _log.warning(
                "fires were missed and are left out by the schedule's policy",
                count=found.skipped,
                policy=self._missed if entry.missed == "DEFAULT" else entry.missed,
                **_about(entry),
            )
        wanted = found.wanted if version is not None else ()
        moments = [*wanted, found.upcoming]
        if entry.next_fire_at != moments[0]:
            self._pass_over(entry, moments[0])
        for at, upcoming in _at_once(entry, wanted, moments[1:]):
            assert version is not None
            claimed = replace(entry, next_fire_at=at)
            self._start(claimed, version, upcoming, now)

    def _render_dates(self, entry: TimetableEntry, version: FlowVersion, now: datetime) -> None:
        """Finds out the dates that a trigger computes; a mistake is said and it never fires."""
        fire = self._dates.fire(entry, version, {}, now=now)
        dates: list[str] = []
        try:
            found = [fire.render(text) for text in entry.dates or ()]
            dates = moments_of(found, entry.timezone)
        except (ExpressionError, ValueError) as error:
            metric.SCHEDULE_FIRES.labels("failed").inc()
            reason = fire.renderer.masker.text(str(error))
            _log.error("the dates of a trigger are not known", reason=reason, **_about(entry))
        known = replace(entry, dates=dates)

        def keep(tx: Connection) -> None:
            timetable.set_dates(tx, entry, dates, following(known, now))

        self._executor.write(keep).result(_PATIENCE)

    def _version(self, entry: TimetableEntry) -> FlowVersion | None:
        """The flow to execute; None, and a line in the log, when there is nothing to execute."""
        try:
            with self._database.read() as tx:
                version = self._flows.latest(tx, entry.tenant, entry.namespace, entry.flow_id)
        except InvalidFlow as error:
            _log.error("a schedule's flow is not valid", reason=str(error), **_about(entry))
            version = None
        if version is None:
            metric.SCHEDULE_FIRES.labels("failed").inc()
            _log.error("a schedule has no flow to execute", **_about(entry))
        elif version.disabled or version.flow.disabled:
            _log.info("a schedule's flow is disabled", **_about(entry))
            version = None
        return version

    def _pass_over(self, entry: TimetableEntry, following: datetime | None) -> None:
        def claim(tx: Connection) -> None:
            timetable.claim(tx, entry, following)

        self._executor.write(claim).result(_PATIENCE)

    def _start(
        self,
        entry: TimetableEntry,
        version: FlowVersion,
        upcoming: datetime | None,
        now: datetime,
    ) -> None:
        assert entry.next_fire_at is not None
        fire, execution = self._dates.execution(entry, version, entry.next_fire_at, now=now)
        if execution is None:
            self._pass_over(entry, upcoming)
            return

        def claim(tx: Connection) -> bool:
            return timetable.claim(tx, entry, upcoming, execution_id=execution.id)

        accepted = self._executor.submit(
            execution, version, guard=claim, warnings=tuple(fire.warnings)
        ).result(_PATIENCE)
        if accepted is not None:
            metric.SCHEDULE_FIRES.labels("fired").inc()


def _at_once(
    entry: TimetableEntry, wanted: Sequence[datetime], following: Sequence[datetime | None]
) -> list[tuple[datetime, datetime | None]]:
    """The fires to start in this tick, each with the one after it."""
    most = len(wanted) if entry.allow_concurrent else 1
    return [*zip(wanted, following, strict=True)][:most]


def _key(entry: TimetableEntry) -> tuple[str, str, str, str, str]:
    return entry.tenant, entry.kind, entry.namespace, entry.owner_id, entry.id


def _about(entry: TimetableEntry) -> dict[str, str]:
    return {
        "tenant": entry.tenant,
        "schedule": f"{entry.namespace}/{entry.id}",
        "flow": f"{entry.namespace}/{entry.flow_id}",
    }
