"""Schedules, as members of a set."""

from __future__ import annotations

import zoneinfo
from datetime import datetime

from sqlalchemy import Connection

from penstock.language.cron import check_cron, next_fires
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.service import form
from penstock.service.change import Change
from penstock.service.draft import Draft
from penstock.service.form import as_text
from penstock.service.objectset import Member, canonical_hash
from penstock.service.override import shown
from penstock.service.services import Services
from penstock.service.spec import ScheduleSpec, has_all, read
from penstock.service.table_kind import TableKind
from penstock.service.timing import timed
from penstock.store import schedule as rows
from penstock.store import schedule_override as overrides
from penstock.store import timetable
from penstock.store.schedule import ScheduleRow
from penstock.store.schedule_override import ScheduleKey
from penstock.store.timetable import TimetableEntry


class ScheduleKind(TableKind[ScheduleRow]):
    """See `penstock.service.draft.Kind`."""

    table = rows.ROWS

    def draft(self, tx: Connection, services: Services, tenant: str, member: Member) -> Draft:
        """Checks the cron expression and the time zone."""
        draft = Draft(member, self.find(tx, services, tenant, member.reference))
        draft.add(member.reference.problems())
        spec, problems = read(ScheduleSpec, member.spec)
        draft.add(problems)
        draft.add(_cron_problems(member.spec.get("cron")))
        draft.add(_zone_problems(member.spec.get("timezone", "UTC")))
        if spec is not None and has_all(ScheduleSpec, member.spec):
            draft.normalised = spec.model_dump(mode="json", by_alias=True)
            draft.content_hash = canonical_hash(draft.normalised)
        return draft

    def write(
        self, tx: Connection, services: Services, change: Change, draft: Draft, now: datetime
    ) -> ScheduleRow:
        """Stores it and puts it on the timetable."""
        del services
        spec = ScheduleSpec.model_validate(draft.member.spec)
        row = ScheduleRow(
            **draft.stamp(change, now),
            id=draft.reference.id,
            flow_id=spec.flow_id,
            cron=spec.cron,
            timezone=spec.timezone,
            inputs=spec.inputs,
            disabled=spec.disabled,
            allow_concurrent=spec.allow_concurrent,
            description=spec.description,
        )
        rows.put(tx, row)
        before = timetable.find(tx, row.tenant, "schedule", row.namespace, row.id)
        timetable.replace(tx, row.tenant, timed([_entry(row)], before, now))
        return row

    def remove(self, tx: Connection, change: Change, row: ScheduleRow, now: datetime) -> None:
        """Takes it away, off the timetable too."""
        overrides.remove(tx, ScheduleKey(row.tenant, row.namespace, row.id))
        timetable.remove(tx, row.tenant, "schedule", row.namespace, row.id)
        super().remove(tx, change, row, now)

    def form(self, tx: Connection, services: Services, row: ScheduleRow) -> dict[str, Json]:
        """The API's read form; `nextFireAt` is what the timetable holds, unless it is off."""
        del services
        key = ScheduleKey(row.tenant, row.namespace, row.id)
        fire, decided = timetable.of_schedule(tx, key)
        is_off = row.disabled if decided is None else decided.disabled
        return {
            **form.declared("schedule", row),
            "id": row.id,
            **_spec(row),
            "effectiveDisabled": is_off,
            "override": None if decided is None else shown(decided.override),
            "nextFireAt": None if is_off else form.instant(fire),
        }

    def text(self, services: Services, row: ScheduleRow) -> str:
        """The spec as indented JSON."""
        del services
        return as_text(_spec(row))


def fires(spec: dict[str, Json], now: datetime, count: int) -> list[datetime]:
    """The next times of a schedule's spec, none when it is disabled, wrong or unknown."""
    cron, zone = spec.get("cron"), spec.get("timezone", "UTC")
    if spec.get("disabled") is True or not isinstance(cron, str) or not isinstance(zone, str):
        return []
    if _cron_problems(cron) or _zone_problems(zone):
        return []
    return next_fires(cron, zone, now, count)


def _entry(row: ScheduleRow) -> TimetableEntry:
    return TimetableEntry(
        kind="schedule",
        tenant=row.tenant,
        namespace=row.namespace,
        flow_id=row.flow_id,
        id=row.id,
        cron=row.cron,
        timezone=row.timezone,
        inputs=row.inputs,
        disabled=row.disabled,
        allow_concurrent=row.allow_concurrent,
    )


def _spec(row: ScheduleRow) -> dict[str, Json]:
    return {
        "flowId": row.flow_id,
        "cron": row.cron,
        "timezone": row.timezone,
        "inputs": row.inputs,
        "disabled": row.disabled,
        "allowConcurrent": row.allow_concurrent,
        "description": row.description,
    }


def _cron_problems(cron: Json) -> list[Problem]:
    if not isinstance(cron, str):
        return []
    wrong = check_cron(cron)
    if wrong is None:
        return []
    return [
        Problem(
            f"{wrong[0].upper()}{wrong[1:]}.",
            path="cron",
            code="invalid-cron",
            hint="Five fields: minute, hour, day of month, month, day of week. "
            'Each day at 06:30 is "30 6 * * *".',
        )
    ]


def _zone_problems(zone: Json) -> list[Problem]:
    if not isinstance(zone, str):
        return []
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return [
            Problem(
                f"There is no time zone `{zone}`.",
                path="timezone",
                code="unknown-timezone",
                hint="Use an IANA name such as Europe/Berlin or UTC.",
            )
        ]
    return []
