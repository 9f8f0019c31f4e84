"""What the triggers of a flow put on the timetable."""

from __future__ import annotations

from penstock.model.flow import Flow
from penstock.model.trigger import Trigger
from penstock.plugins.core.trigger.schedule import MissedSchedules, Schedule
from penstock.plugins.core.trigger.schedule_on_dates import ScheduleOnDates
from penstock.store.timetable import MissedPolicy, TimetableEntry


def entries_of(tenant: str, flow: Flow) -> list[TimetableEntry]:
    """One entry for each trigger that starts the flow by the clock, not timed yet."""
    found = (_entry(tenant, flow, trigger) for trigger in flow.triggers)
    return [entry for entry in found if entry is not None]


def _entry(tenant: str, flow: Flow, trigger: Trigger) -> TimetableEntry | None:
    if not isinstance(trigger, Schedule | ScheduleOnDates):
        return None
    late = trigger.late_maximum_delay if isinstance(trigger, Schedule) else None
    return TimetableEntry(
        kind="trigger",
        tenant=tenant,
        namespace=flow.namespace,
        flow_id=flow.id,
        id=trigger.id,
        cron=trigger.cron if isinstance(trigger, Schedule) else "",
        dates=trigger.moments() if isinstance(trigger, ScheduleOnDates) else None,
        timezone=trigger.timezone,
        inputs=trigger.inputs or {},
        labels=trigger.labels or {},
        disabled=trigger.disabled or flow.disabled,
        allow_concurrent=trigger.allow_concurrent,
        missed=_policy(trigger.recover_missed_schedules),
        late_maximum_seconds=None if late is None else late.total_seconds(),
    )


def _policy(written: MissedSchedules | None) -> MissedPolicy:
    match written:
        case MissedSchedules.ALL:
            return "ALL"
        case MissedSchedules.LAST:
            return "LAST"
        case MissedSchedules.NONE:
            return "NONE"
    return "DEFAULT"
