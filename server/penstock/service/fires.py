"""When schedules and triggers would fire, and what of that changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from penstock.model.flow import Flow
from penstock.model.frozen import Json
from penstock.model.problem import Problem, Severity
from penstock.plugins.core.trigger.schedule import Schedule
from penstock.service import schedule
from penstock.service.draft import Draft
from penstock.service.world import World
from penstock.store.flow import FlowRow
from penstock.store.schedule import ScheduleRow

FIRES = 5
_SHOWN = 3
Spec = Mapping[str, Json]


def of_draft(draft: Draft, now: datetime) -> list[datetime]:
    """The next fires of a schedule, or of all timed triggers of a flow."""
    return sorted(
        at for spec in _specs(draft).values() for at in schedule.fires({**spec}, now, FIRES)
    )[:FIRES]


def changes(draft: Draft, world: World, now: datetime) -> Iterator[Problem]:
    """A warning for each schedule or trigger that will fire at other times than now."""
    before = _stored(draft, world)
    for name, spec in _specs(draft).items():
        old = before.get(name)
        if old is None:
            continue
        first, second = (schedule.fires({**each}, now, _SHOWN) for each in (old, spec))
        if first != second:
            what = f"The trigger `{name}`" if name else "It"
            zone, was = str(spec.get("timezone", "UTC")), str(old.get("timezone", "UTC"))
            message = (
                f"{what} fires next: {_said(second, zone)}. Until now it was: {_said(first, was)}."
            )
            path = "triggers" if name else "cron"
            yield Problem(message, path, code="other-times", severity=Severity.WARNING)


def _specs(draft: Draft) -> dict[str, Spec]:
    if draft.reference.kind == "schedule":
        return {"": draft.member.spec}
    flow = None if draft.reading is None else draft.reading.flow
    return {} if flow is None else _triggers(flow)


def _stored(draft: Draft, world: World) -> dict[str, Spec]:
    row = draft.previous
    if isinstance(row, ScheduleRow):
        return {"": {"cron": row.cron, "timezone": row.timezone, "disabled": row.disabled}}
    if not isinstance(row, FlowRow):
        return {}
    flow = world.services.parses.get(row.source, row.content_hash).flow
    return {} if flow is None else _triggers(flow)


def _triggers(flow: Flow) -> dict[str, Spec]:
    return {
        trigger.id: {
            "cron": trigger.cron,
            "timezone": trigger.timezone,
            "disabled": trigger.disabled or flow.disabled,
        }
        for trigger in flow.triggers
        if isinstance(trigger, Schedule)
    }


def _said(times: list[datetime], zone: str) -> str:
    if not times:
        return "never"
    local = (at.astimezone(ZoneInfo(zone)) for at in times)
    return ", ".join(f"{at:%a} {at.isoformat(sep=' ', timespec='minutes')}" for at in local)
