"""What happens at a date of a schedule or trigger: whether it is wanted, and the execution."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from penstock.errors import InvalidInputs
from penstock.expression.error import ExpressionError
from penstock.model.execution import Execution
from penstock.model.frozen import Json
from penstock.model.trigger import Trigger
from penstock.runtime import breakdown
from penstock.runtime.catch_up import Fires, fires, next_wanted, previous_wanted
from penstock.runtime.clock import Clock
from penstock.runtime.flows import FlowVersion
from penstock.runtime.functions import World
from penstock.runtime.processor_time import processor_time
from penstock.runtime.rendering import Renderer
from penstock.service.firing import Fire, Firing, sentences
from penstock.service.timing import following, preceding
from penstock.store.identity import new_id
from penstock.store.timetable import TimetableEntry
from penstock.telemetry import metric

_TYPE = "core.trigger.Schedule"
_DUE_SECONDS = 5.0
_AROUND_SECONDS = 1.0
"""Processor time that one fire may take for its tests of other dates, while all others wait.

By a watch a busy machine would know less of the dates around than an idle one.
"""


class Dates:
    """Makes the executions of dates."""

    def __init__(
        self, world: World, clock: Clock, seconds: Callable[[], float] = processor_time
    ) -> None:
        self._world = world
        self._clock = clock
        self._seconds = seconds

    def fires(
        self, entry: TimetableEntry, version: FlowVersion | None, now: datetime, *, default: str
    ) -> Fires:
        """See `penstock.runtime.catch_up.fires`; it ends in a few seconds."""
        holds = None if version is None else self.condition(entry, version, now)
        return fires(entry, now, holds, default=default, enough=self._after(_DUE_SECONDS))

    def _after(self, seconds: float) -> Callable[[], bool]:
        latest = self._seconds() + seconds
        return lambda: self._seconds() >= latest

    def condition(
        self, entry: TimetableEntry, version: FlowVersion, now: datetime
    ) -> Callable[[datetime], bool] | None:
        """Whether a date is wanted; None when there is no condition. One that fails is wanted: its
        execution says why it has failed.
        """
        trigger = trigger_of(entry, version)
        if not trigger.conditions and trigger.when in {"true", True}:
            return None

        def holds(at: datetime) -> bool:
            variables = _variables(entry, at, following(entry, at), preceding(entry, at))
            try:
                return self.fire(entry, version, variables, now=now).is_wanted()
            except ExpressionError:
                return True

        return holds

    def fire(
        self,
        entry: TimetableEntry,
        version: FlowVersion,
        variables: dict[str, Json],
        *,
        now: datetime,
        inputs: Mapping[str, Json] | None = None,
        labels: Mapping[str, str] | None = None,
        actor: str = "scheduler",
    ) -> Fire:
        """The firing of an entry with what expressions see of its date."""
        firing = Firing(
            execution_id=new_id(),
            tenant=entry.tenant,
            now=now,
            trigger=trigger_of(entry, version),
            type=_TYPE if entry.dates is None else "core.trigger.ScheduleOnDates",
            actor=actor,
            variables=variables,
            inputs=inputs or {},
            labels=labels or {},
        )
        return Fire(
            version, firing, lambda execution: Renderer(self._world, self._clock, execution)
        )

    def execution(
        self,
        entry: TimetableEntry,
        version: FlowVersion,
        at: datetime,
        *,
        now: datetime,
        inputs: Mapping[str, Json] | None = None,
        labels: Mapping[str, str] | None = None,
        actor: str = "scheduler",
    ) -> tuple[Fire, Execution | None]:
        """The execution of a date; a FAILED one when it cannot be made, None when the date is not
        wanted.
        """
        holds, enough = self.condition(entry, version, now), self._after(_AROUND_SECONDS)
        upcoming = next_wanted(entry, at, holds, enough)
        variables = _variables(entry, at, upcoming, previous_wanted(entry, at, holds, enough))
        fire = self.fire(
            entry, version, variables, now=now, inputs=inputs, labels=labels, actor=actor
        )
        try:
            return fire, fire.made() if fire.is_wanted() else None
        except (ExpressionError, InvalidInputs) as error:
            return fire, _failed(entry, fire, now, error)


def trigger_of(entry: TimetableEntry, version: FlowVersion) -> Trigger:
    """The trigger as the flow has it; a schedule that is declared beside the flow as one."""
    if entry.kind == "trigger":
        written = next((each for each in version.flow.triggers if each.id == entry.id), None)
        if written is not None:
            return written.model_copy(update={"inputs": entry.inputs, "labels": entry.labels})
    return Trigger.model_construct(
        id=entry.id, type=_TYPE, inputs=entry.inputs, labels=entry.labels
    )


def _failed(
    entry: TimetableEntry, fire: Fire, now: datetime, error: ExpressionError | InvalidInputs
) -> Execution:
    metric.SCHEDULE_FIRES.labels("failed").inc()
    reason = fire.renderer.masker.text(sentences(error))
    message = f"The schedule '{entry.id}' cannot start the flow: {reason}"
    return breakdown.failed(fire.refused(), now, message).execution


def _variables(
    entry: TimetableEntry, at: datetime, following: datetime | None, previous: datetime | None
) -> dict[str, Json]:
    zone = ZoneInfo(entry.timezone)

    def local(moment: datetime | None) -> str | None:
        return None if moment is None else moment.astimezone(zone).isoformat()

    return {"date": local(at), "next": local(following), "previous": local(previous)}
