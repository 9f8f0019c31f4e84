"""A change keeps the fire that an entry waits for, unless its times change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from penstock.service.timing import timed
from penstock.store import timetable
from penstock.store.timetable import TimetableEntry

SIX = datetime(2026, 1, 2, 6, tzinfo=UTC)
LATER = datetime(2026, 1, 2, 9, tzinfo=UTC)
YESTERDAY = datetime(2026, 1, 1, 6, tzinfo=UTC)
BEFORE = TimetableEntry(
    kind="trigger",
    tenant="main",
    namespace="a.b",
    flow_id="f",
    id="t",
    cron="0 6 * * *",
    next_fire_at=SIX,
    last_fire_at=YESTERDAY,
)
WRITTEN = replace(BEFORE, next_fire_at=None, last_fire_at=None)


def test_a_fire_that_is_due_survives_a_deploy():
    changed = replace(WRITTEN, inputs={"day": "x"})
    (entry,) = timed([changed], [BEFORE], LATER)
    assert (entry.next_fire_at, entry.last_fire_at, entry.inputs) == (SIX, YESTERDAY, {"day": "x"})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"cron": "0 12 * * *"}, datetime(2026, 1, 2, 12, tzinfo=UTC)),
        ({"timezone": "America/New_York"}, datetime(2026, 1, 2, 11, tzinfo=UTC)),
    ],
)
def test_other_times_count_from_now(change, expected):
    (entry,) = timed([replace(WRITTEN, **change)], [BEFORE], LATER)
    assert (entry.next_fire_at, entry.last_fire_at) == (expected, YESTERDAY)


def test_what_is_new_or_was_disabled_does_not_catch_up():
    tomorrow = datetime(2026, 1, 3, 6, tzinfo=UTC)
    for before in ([], [replace(BEFORE, disabled=True)], [replace(BEFORE, id="other")]):
        (entry,) = timed([WRITTEN], before, LATER)
        assert entry.next_fire_at == tomorrow


@pytest.mark.parametrize("change", [{}, {"cron": "@hourly"}, {"disabled": True}])
def test_what_still_runs_is_waited_for_after_any_change(change):
    before = replace(BEFORE, last_execution_id="x", **change)
    (entry,) = timed([WRITTEN], [before], LATER)
    assert entry.last_execution_id == "x"


@pytest.mark.parametrize(("line", "allowed"), [("", False), ("    allowConcurrent: true\n", True)])
def test_the_timetable_knows_what_a_trigger_and_a_schedule_allow(server, ns, line, allowed):
    server.put_flow(
        f"id: f\nnamespace: {ns}\ntasks:\n  - {{id: t, type: core.log.Log, message: hi}}\n"
        f'triggers:\n  - id: t\n    type: core.trigger.Schedule\n    cron: "@yearly"\n{line}'
    )
    spec = {"flowId": "f", "cron": "@yearly", **({"allowConcurrent": True} if allowed else {})}
    put = server.api.put(f"/schedules/{ns}/s", json=spec)
    assert put.json()["allowConcurrent"] is allowed
    with server.application.database.read() as tx:
        (trigger,) = timetable.find(tx, "main", "trigger", ns, "f")
        (schedule,) = timetable.find(tx, "main", "schedule", ns, "s")
    assert (trigger.allow_concurrent, schedule.allow_concurrent) == (allowed, allowed)
