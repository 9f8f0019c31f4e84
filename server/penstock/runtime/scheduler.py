"""Fires schedules and Schedule triggers when they are due, each fire once among all servers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from penstock.engine.start import new_execution
from penstock.errors import InvalidInputs
from penstock.expression import is_truthy
from penstock.expression.error import ExpressionError
from penstock.language.cron import next_fire
from penstock.model.execution import Execution, Origin
from penstock.model.frozen import Json
from penstock.runtime import breakdown
from penstock.runtime.clock import Clock
from penstock.runtime.executor import Executor
from penstock.runtime.flows import FlowVersion, FlowVersions, InvalidFlow
from penstock.runtime.functions import World
from penstock.runtime.rendering import Renderer
from penstock.service.inputs import Given, resolved
from penstock.store import timetable
from penstock.store.identity import new_id
from penstock.store.timetable import TimetableEntry
from penstock.telemetry import metric

_log = structlog.get_logger("penstock.scheduler")
_MOST_MISSED = 100
_PUNCTUAL = timedelta(seconds=60)
_PATIENCE = 60.0
_TYPE = "core.trigger.Schedule"


@dataclass(frozen=True, slots=True)
class Fires:
    """What to do with an entry that is due: the moments to fire, those to leave out, and the
    first moment that is still to come.
    """

    wanted: tuple[datetime, ...]
    skipped: int
    upcoming: datetime | None


def fires(entry: TimetableEntry, now: datetime) -> Fires:
    """Decides about every due moment of an entry.

    The latest one counts as missed when it is more than a minute old. Missed ones follow the
    entry's policy; of ALL the latest 100 are caught up on. Later than `late_maximum_seconds`
    none is fired.
    """
    due: list[datetime] = []
    count = 0
    at = entry.next_fire_at
    while at is not None and at <= now:
        count += 1
        due = [*due[-(_MOST_MISSED - 1) :], at]
        at = next_fire(entry.cron, entry.timezone, at)
    if entry.missed == "LAST":
        due = due[-1:]
    elif entry.missed == "NONE":
        due = [moment for moment in due[-1:] if now - moment <= _PUNCTUAL]
    if entry.late_maximum_seconds is not None:
        latest = now - timedelta(seconds=entry.late_maximum_seconds)
        due = [moment for moment in due if moment >= latest]
    return Fires(tuple(due), count - len(due), at)


class Scheduler:
    """Looks at the timetable and starts what is due."""

    name = "scheduler"
    seconds = 15.0

    def __init__(self, world: World, flows: FlowVersions, executor: Executor, clock: Clock) -> None:
        self._world = world
        self._database = world.database
        self._flows = flows
        self._executor = executor
        self._clock = clock

    def tick(self) -> datetime | None:
        """Fires everything that is due; gives back when the next is."""
        now = self._clock.now()
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
            is_waiting = timetable.is_waiting(tx, now)
        later = None if upcoming is None else max(upcoming, now + timedelta(milliseconds=50))
        if not is_waiting:
            return later
        # The end of an execution tells nobody here; a late fire is worth a look each second.
        soon = now + timedelta(seconds=1)
        return soon if later is None else min(later, soon)

    def _fire(self, entry: TimetableEntry, now: datetime) -> None:
        found = fires(entry, now)
        if found.skipped:
            metric.SCHEDULE_FIRES.labels("missed").inc(found.skipped)
            _log.warning(
                "fires were missed and are left out by the schedule's policy",
                count=found.skipped,
                policy=entry.missed,
                **_about(entry),
            )
        version = self._version(entry)
        wanted = found.wanted if version is not None else ()
        moments = [*wanted, found.upcoming]
        if entry.next_fire_at != moments[0]:
            self._pass_over(entry, moments[0])
        previous = entry.last_fire_at
        for at, following in _at_once(entry, wanted, moments[1:]):
            assert version is not None
            claimed = replace(entry, next_fire_at=at, last_fire_at=previous)
            self._start(claimed, version, following, now)
            previous = at

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
        following: datetime | None,
        now: datetime,
    ) -> None:
        assert entry.next_fire_at is not None
        execution = self._execution(entry, version, following, now)
        if execution is None:
            self._pass_over(entry, following)
            return

        def claim(tx: Connection) -> bool:
            return timetable.claim(tx, entry, following, execution_id=execution.id)

        accepted = self._executor.submit(execution, version, guard=claim).result(_PATIENCE)
        if accepted is not None:
            metric.SCHEDULE_FIRES.labels("fired").inc()

    def _execution(
        self,
        entry: TimetableEntry,
        version: FlowVersion,
        following: datetime | None,
        now: datetime,
    ) -> Execution | None:
        """The execution of one fire; a FAILED one when its inputs do not fit; None when the
        trigger's `when` says so.
        """
        flow = version.flow
        trigger = _variables(entry, following)
        made = new_execution(
            flow,
            id=new_id(),
            tenant=entry.tenant,
            revision=version.revision,
            content_hash=version.content_hash,
            now=now,
            labels={**entry.labels, "system.from": "trigger"},
            origin=Origin(_TYPE, id=entry.id, actor="scheduler", variables=trigger),
            source=version.source,
        )
        renderer = Renderer(self._world, self._clock, made)
        variables: dict[str, Json] = {
            "trigger": trigger,
            "schedule": trigger,
            "flow": {"id": flow.id, "namespace": flow.namespace, "revision": version.revision},
        }

        def render(value: Json) -> Json:
            return renderer.render(value, variables, typed=True)

        try:
            if not self._holds(entry, version, render):
                return None
            given = render(dict(entry.inputs))
            assert isinstance(given, dict)
            inputs = resolved(flow, Given(given, variables, is_rendered=True), renderer)
        except (ExpressionError, InvalidInputs) as error:
            problems: Sequence[str] = (
                [problem.sentence() for problem in error.problems]
                if isinstance(error, InvalidInputs)
                else []
            )
            return _failed(entry, made, now, renderer.masker.text(" ".join(problems) or str(error)))
        return replace(made, inputs=inputs)

    def _holds(
        self, entry: TimetableEntry, version: FlowVersion, render: Callable[[Json], Json]
    ) -> bool:
        if entry.kind != "trigger":
            return True
        written = next((each for each in version.flow.triggers if each.id == entry.id), None)
        condition: Json = getattr(written, "when", True)
        return is_truthy(render(condition))


def _at_once(
    entry: TimetableEntry, wanted: Sequence[datetime], following: Sequence[datetime | None]
) -> list[tuple[datetime, datetime | None]]:
    """The fires to start in this tick, each with the one after it."""
    most = len(wanted) if entry.allow_concurrent else 1
    return [*zip(wanted, following, strict=True)][:most]


def _failed(entry: TimetableEntry, made: Execution, now: datetime, reason: str) -> Execution:
    metric.SCHEDULE_FIRES.labels("failed").inc()
    message = f"The schedule '{entry.id}' cannot start the flow: {reason}"
    return breakdown.failed(made, now, message).execution


def _variables(entry: TimetableEntry, following: datetime | None) -> dict[str, Json]:
    zone = ZoneInfo(entry.timezone)

    def local(at: datetime | None) -> str | None:
        return None if at is None else at.astimezone(zone).isoformat()

    return {
        "date": local(entry.next_fire_at),
        "next": local(following),
        "previous": local(entry.last_fire_at),
    }


def _key(entry: TimetableEntry) -> tuple[str, str, str, str, str]:
    return entry.tenant, entry.kind, entry.namespace, entry.owner_id, entry.id


def _about(entry: TimetableEntry) -> dict[str, str]:
    return {
        "tenant": entry.tenant,
        "schedule": f"{entry.namespace}/{entry.id}",
        "flow": f"{entry.namespace}/{entry.flow_id}",
    }
