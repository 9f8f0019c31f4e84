import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from penstock.language.cron import next_fire
from penstock.model.state import State
from penstock.runtime.catch_up import fires
from penstock.runtime.clock import VirtualClock
from penstock.runtime.dates import Dates
from penstock.runtime.flows import InvalidFlow
from penstock.runtime.scheduler import Scheduler
from penstock.service.firing import Fire
from penstock.service.timetable import entries_of
from penstock.service.timing import timed
from penstock.service.trigger_rows import rows_of
from penstock.store import audit, schedule_override, timetable
from penstock.store import trigger as trigger_store
from penstock.store.schedule_override import ScheduleKey
from penstock.store.timetable import TimetableEntry
from penstock.store.trigger import Override, TriggerKey

from .stand import TENANT, Stand

START = datetime(2026, 3, 27, 12, tzinfo=UTC)
FLOW = """
id: daily
namespace: a.b
inputs:
  - {id: day, type: STRING, required: false}
tasks:
  - {id: tell, type: core.log.Log, message: "{{ trigger.date }} {{ inputs.day }}"}
"""


@pytest.fixture
def clock():
    return VirtualClock(START)


@pytest.fixture
def stand(tmp_path, clock):
    made = Stand(tmp_path, clock=clock)
    made.executor.start()
    yield made
    made.close()


@pytest.fixture
def scheduler(stand, clock):
    return Scheduler(stand.world, stand.flows, stand.executor, clock)


def entry(**changes) -> TimetableEntry:
    made = TimetableEntry(
        kind="schedule",
        tenant=TENANT,
        namespace="a.b",
        flow_id="daily",
        id="morning",
        cron="0 8 * * *",
        timezone="Europe/Berlin",
    )
    made = replace(made, **changes)
    return replace(made, next_fire_at=next_fire(made.cron, made.timezone, START))


def put(stand, *entries):
    with stand.database.transaction() as tx:
        timetable.replace(tx, TENANT, entries)


def fired(stand) -> list[str]:
    assert stand.executor.join_idle(30)
    found = sorted(stand.all(), key=lambda e: e.origin.variables["date"])
    return [e.origin.variables["date"] for e in found]


def test_B07_eight_in_the_morning_fires_once_a_day_across_both_clock_changes(
    stand, clock, scheduler
):
    stand.put(FLOW)
    put(stand, entry())
    for _ in range(24 * 5):
        clock.advance(timedelta(hours=1))
        scheduler.tick()
    assert fired(stand) == [
        "2026-03-28T08:00:00+01:00",
        "2026-03-29T08:00:00+02:00",
        "2026-03-30T08:00:00+02:00",
        "2026-03-31T08:00:00+02:00",
        "2026-04-01T08:00:00+02:00",
    ]
    clock.advance(datetime(2026, 10, 24, 12, tzinfo=UTC) - clock.now())
    put(stand, entry(missed="NONE"))
    scheduler.tick()
    before = len(fired(stand))
    for _ in range(24 * 2):
        clock.advance(timedelta(hours=1))
        scheduler.tick()
    assert fired(stand)[before:] == ["2026-10-25T08:00:00+01:00", "2026-10-26T08:00:00+01:00"]


def test_an_execution_of_a_schedule_tells_its_moments_and_takes_its_inputs(stand, clock, scheduler):
    stand.put(FLOW)
    put(stand, entry(inputs={"day": "{{ trigger.date | slice(0, 10) }}"}))
    clock.advance(timedelta(days=1))
    scheduler.tick()
    assert stand.executor.join_idle(30)
    (execution,) = stand.all()
    assert execution.inputs == {"day": "2026-03-28"}
    assert execution.labels["system.from"] == "trigger"
    assert execution.origin.variables == {
        "date": "2026-03-28T08:00:00+01:00",
        "next": "2026-03-29T08:00:00+02:00",
        "previous": "2026-03-27T08:00:00+01:00",
    }
    assert stand.logs(execution.id) == ["2026-03-28T08:00:00+01:00 2026-03-28"]


def test_an_input_that_the_flow_does_not_declare_is_told_in_the_log(stand, clock, scheduler):
    stand.put(FLOW)
    put(stand, entry(inputs={"day": "today", "dya": "x"}))
    clock.advance(timedelta(days=1))
    scheduler.tick()
    assert stand.executor.join_idle(30)
    (execution,) = stand.all()
    assert stand.logs(execution.id)[0] == (
        "The flow declares no input `dya`; it is ignored. Did you mean `day`?"
    )


def test_two_servers_that_see_the_same_fire_start_it_once(stand, clock, scheduler):
    stand.put(FLOW)
    put(stand, entry())
    clock.advance(timedelta(days=1))
    with stand.database.read() as tx:
        (due,) = timetable.due(tx, clock.now())
    scheduler._fire(due, clock.now())
    scheduler._fire(due, clock.now())
    assert len(fired(stand)) == 1


@pytest.mark.parametrize(("policy", "count"), [("ALL", 3), ("LAST", 1), ("NONE", 0)])
def test_missed_fires_follow_the_policy(stand, clock, scheduler, policy, count):
    stand.put(FLOW)
    put(stand, entry(missed=policy, allow_concurrent=True))
    clock.advance(timedelta(days=3))
    upcoming = scheduler.tick()
    assert len(fired(stand)) == count
    assert upcoming == datetime(2026, 3, 31, 6, tzinfo=UTC)


def test_catching_up_is_capped_and_says_how_many_are_left_out(clock):
    found = fires(entry(cron="* * * * *"), START + timedelta(days=1))
    assert len(found.wanted) == 100
    assert found.skipped == 24 * 60 - 100
    assert found.upcoming == START + timedelta(days=1, minutes=1)


def test_a_fire_that_is_too_late_is_skipped():
    due = entry(late_maximum_seconds=3600.0)
    assert len(fires(due, due.next_fire_at + timedelta(minutes=59)).wanted) == 1
    assert fires(due, due.next_fire_at + timedelta(minutes=61)).wanted == ()


def test_a_disabled_schedule_and_a_disabled_flow_start_nothing(stand, clock, scheduler):
    stand.put(FLOW)
    put(stand, entry(disabled=True))
    stand.put(FLOW.replace("daily", "off") + "disabled: true\n")
    put(stand, entry(id="other", flow_id="off"))
    clock.advance(timedelta(days=2))
    scheduler.tick()
    assert fired(stand) == []


def test_a_schedule_without_its_flow_goes_on_to_the_next_time(stand, clock, scheduler):
    put(stand, entry())
    clock.advance(timedelta(days=1))
    assert scheduler.tick() == datetime(2026, 3, 29, 6, tzinfo=UTC)
    stand.put(FLOW)
    clock.advance(timedelta(days=1))
    scheduler.tick()
    assert fired(stand) == ["2026-03-29T08:00:00+02:00"]


def test_inputs_that_do_not_fit_make_a_failed_execution(stand, clock, scheduler):
    stand.put(FLOW.replace("STRING", "INT"))
    put(stand, entry(inputs={"day": "monday"}))
    clock.advance(timedelta(days=1))
    scheduler.tick()
    assert stand.executor.join_idle(30)
    (execution,) = stand.all()
    assert execution.state is State.FAILED
    assert "morning" in execution.failure.message
    assert "day" in execution.failure.message


def test_a_triggers_condition_decides_for_each_date(stand, clock, scheduler):
    stand.put(
        FLOW
        + """
triggers:
  - id: morning
    type: core.trigger.Schedule
    cron: "0 8 * * *"
    timezone: Europe/Berlin
    when: "{{ trigger.date contains '-29T' }}"
"""
    )
    put(stand, entry(kind="trigger"))
    for _ in range(4):
        clock.advance(timedelta(days=1))
        scheduler.tick()
    assert fired(stand) == ["2026-03-29T08:00:00+02:00"]


SLOW = """
id: daily
namespace: a.b
tasks:
  - {id: wait, type: core.flow.Sleep, duration: PT1H}
"""


def hourly(**changes) -> TimetableEntry:
    return entry(cron="0 * * * *", timezone="UTC", **changes)


def started(stand) -> list[str]:
    """Hours of the executions, oldest first."""
    found = sorted(stand.all(), key=lambda e: e.origin.variables["date"])
    return [each.origin.variables["date"][11:13] for each in found]


def running(stand) -> str:
    (execution,) = [each for each in stand.all() if not each.state.is_terminated]
    stand.until_started(execution.id, "wait")
    return execution.id


def end(stand) -> None:
    stand.executor.kill(TENANT, running(stand), "enough").result(30)
    assert stand.executor.join_idle(30)


def test_a_fire_waits_for_the_execution_that_was_started_before_it(stand, clock, scheduler):
    stand.put(SLOW)
    put(stand, hourly())
    clock.advance(timedelta(hours=1))
    scheduler.tick()
    clock.advance(timedelta(hours=2))
    assert scheduler.tick() == clock.now() + timedelta(seconds=1), "it looks again soon"
    assert started(stand) == ["13"]
    end(stand)
    scheduler.tick()
    assert started(stand) == ["13", "14"], "late, not skipped"
    scheduler.tick()
    assert started(stand) == ["13", "14"], "and again one at a time"
    end(stand)
    scheduler.tick()
    assert started(stand) == ["13", "14", "15"]
    end(stand)
    assert scheduler.tick() == clock.now() + timedelta(hours=1)


@pytest.mark.parametrize(
    ("changes", "hours"),
    [
        ({"missed": "LAST"}, ["13", "16"]),
        ({"missed": "NONE"}, ["13"]),
        ({"late_maximum_seconds": 5400.0}, ["13", "15", "16"]),
        ({"allow_concurrent": True}, ["13", "14", "15", "16"]),
    ],
)
def test_what_waited_follows_the_rules_for_what_is_late(stand, clock, scheduler, changes, hours):
    stand.put(SLOW)
    put(stand, hourly(**changes))
    clock.advance(timedelta(hours=1))
    scheduler.tick()
    clock.advance(timedelta(hours=3, minutes=10))
    scheduler.tick()
    while (now := started(stand)) != hours:
        assert now == hours[: len(now)]
        end(stand)
        scheduler.tick()
    for execution in stand.all():
        stand.executor.kill(TENANT, execution.id, "enough").result(30)
    scheduler.tick()
    assert started(stand) == hours


def test_after_a_restart_a_fire_still_waits(tmp_path, stand, clock, scheduler):
    stand.put(SLOW)
    put(stand, hourly())
    clock.advance(timedelta(hours=1))
    scheduler.tick()
    running(stand)
    stand.close()
    other = Stand(tmp_path, clock=clock)
    other.executor.start()
    clock.advance(timedelta(hours=1))
    again = Scheduler(other.world, other.flows, other.executor, clock)
    again.tick()
    assert started(other) == ["13"]
    put(other, replace(hourly(), next_fire_at=clock.now()))
    again.tick()
    assert started(other) == ["13"], "declaring it anew does not free it"
    end(other)
    again.tick()
    assert started(other) == ["13", "14"]
    other.close()


def test_entries_that_wait_do_not_keep_others_from_firing(stand, clock, scheduler):
    stand.put(SLOW)
    put(stand, *[hourly(id=f"s{number}") for number in range(3)])
    clock.advance(timedelta(hours=1))
    scheduler.tick()
    assert started(stand) == ["13"] * 3
    clock.advance(timedelta(hours=1))
    put(stand, replace(hourly(id="other"), next_fire_at=clock.now()))
    with stand.database.read() as tx:
        assert [each.id for each in timetable.due(tx, clock.now(), limit=1)] == ["other"]


def flow_with(trigger: str, message: str = "{{ trigger.date }}") -> str:
    return f"""
id: daily
namespace: a.b
labels: {{team: data}}
tasks:
  - {{id: tell, type: core.log.Log, message: "{message}"}}
triggers:
  - id: t
{trigger}
"""


def deploy(stand, clock, source: str) -> None:
    """What a deploy does with the timetable."""
    version = stand.put(source)
    before = []
    flow = version.flow
    rows = {(flow.namespace, flow.id): rows_of(TENANT, flow, clock.now())}
    with stand.database.transaction() as tx:
        trigger_store.declare(tx, TENANT, rows)
        entries = timed(entries_of(TENANT, version.flow), before, clock.now())
        timetable.replace(tx, TENANT, entries)


MONDAYS = """
    type: core.trigger.Schedule
    cron: "0 9 * * *"
    timezone: Europe/Berlin
    conditions:
      - {type: core.condition.DayWeekInMonth, dayOfWeek: MONDAY, dayInMonth: FIRST}
"""


@pytest.mark.parametrize(
    "condition",
    [
        MONDAYS,
        MONDAYS.replace("conditions", "scheduleConditions"),
        """
    type: core.trigger.Schedule
    cron: "0 9 * * *"
    timezone: Europe/Berlin
    when: "{{ isDayWeekInMonth(trigger.date, 'MONDAY', 'FIRST') }}"
""",
    ],
)
def test_dates_that_do_not_match_are_skipped_also_in_next_and_previous(
    stand, clock, scheduler, condition
):
    deploy(stand, clock, flow_with(condition))
    for _ in range(20):
        clock.advance(timedelta(days=1))
        scheduler.tick()
    (execution,) = stand.all()
    assert execution.origin.variables == {
        "date": "2026-04-06T09:00:00+02:00",
        "next": "2026-05-04T09:00:00+02:00",
        "previous": "2026-03-02T09:00:00+01:00",
    }


def test_missed_dates_that_do_not_match_are_not_caught_up_on(stand, clock, scheduler):
    deploy(
        stand,
        clock,
        flow_with(MONDAYS.replace("conditions:", "allowConcurrent: true\n    conditions:")),
    )
    clock.advance(timedelta(days=100))
    scheduler.tick()
    assert fired(stand) == [
        "2026-04-06T09:00:00+02:00",
        "2026-05-04T09:00:00+02:00",
        "2026-06-01T09:00:00+02:00",
    ]


def test_the_latest_missed_date_is_the_latest_that_matches(stand, clock, scheduler):
    deploy(stand, clock, flow_with(MONDAYS + "    recoverMissedSchedules: LAST\n"))
    clock.advance(timedelta(days=100))
    scheduler.tick()
    assert fired(stand) == ["2026-06-01T09:00:00+02:00"]


def test_the_server_says_what_happens_to_missed_dates_by_default(stand, clock):
    deploy(stand, clock, flow_with('    type: core.trigger.Schedule\n    cron: "0 * * * *"'))
    clock.advance(timedelta(hours=5, minutes=30))
    Scheduler(stand.world, stand.flows, stand.executor, clock, missed="NONE").tick()
    assert stand.all() == []
    clock.advance(timedelta(minutes=30))
    Scheduler(stand.world, stand.flows, stand.executor, clock, missed="NONE").tick()
    assert fired(stand) == ["2026-03-27T18:00:00+00:00"]


def test_labels_of_a_trigger_are_rendered_and_bad_ones_left_out(stand, clock, scheduler):
    trigger = """
    type: core.trigger.Schedule
    cron: "0 9 * * *"
    labels:
      day: "{{ dayOfWeek(trigger.date) }}"
      team: "{{ trigger._context.id }}"
      empty: "{{ null }}"
      broken: "{{ trigger.nothing }}"
      system.from: me
"""
    deploy(stand, clock, flow_with(trigger))
    clock.advance(timedelta(days=1))
    scheduler.tick()
    assert stand.executor.join_idle(30)
    (execution,) = stand.all()
    assert execution.labels == {
        "system.correlationId": execution.id,
        "system.from": "trigger",
        "team": "t",
        "day": "SATURDAY",
    }
    lines = stand.logs(execution.id)
    assert lines[0].startswith("The label `empty` of the trigger is left out")
    assert lines[1].startswith("The label `broken` of the trigger is left out")


def test_an_execution_sees_its_trigger_and_schedule(stand, clock, scheduler):
    trigger = '    type: io.kestra.plugin.core.trigger.Schedule\n    cron: "0 9 * * *"'
    message = "{{ schedule.date }} {{ trigger._context.type }} {{ trigger._context.id }}"
    deploy(stand, clock, flow_with(trigger, message))
    clock.advance(timedelta(days=1))
    scheduler.tick()
    assert stand.executor.join_idle(30)
    (execution,) = stand.all()
    assert stand.logs(execution.id) == [
        "2026-03-28T09:00:00+00:00 core.trigger.Schedule t",
    ]


def test_a_condition_that_fails_makes_a_failed_execution(stand, clock, scheduler):
    trigger = '    type: core.trigger.Schedule\n    cron: "0 9 * * *"\n    when: "{{ vars.none }}"'
    deploy(stand, clock, flow_with(trigger))
    clock.advance(timedelta(days=1))
    scheduler.tick()
    assert stand.executor.join_idle(30)
    (execution,) = stand.all()
    assert execution.state is State.FAILED
    assert "cannot start the flow" in execution.failure.message


def test_seconds_count_when_the_cron_expression_has_them(stand, clock, scheduler):
    trigger = '    type: core.trigger.Schedule\n    cron: "*/20 * * * * *"\n    withSeconds: true'
    deploy(stand, clock, flow_with(trigger + "\n    allowConcurrent: true"))
    clock.advance(timedelta(minutes=1))
    scheduler.tick()
    assert [each[17:19] for each in fired(stand)] == ["20", "40", "00"]


@pytest.mark.parametrize(
    "dates",
    [
        '["2026-03-29T01:30:00", "2026-03-29T03:30:00", "2026-01-01T00:00:00Z"]',
        '["{{ \'2026-03-29T01:30:00\' }}", "2026-03-29T03:30:00"]',
        "\"{{ ['2026-03-29T03:30:00', '2026-03-29T01:30:00', '2026-01-01T00:00:00'] }}\"",
    ],
)
def test_dates_fire_once_each(stand, clock, scheduler, dates):
    trigger = f"""
    type: core.trigger.ScheduleOnDates
    timezone: Europe/Berlin
    dates: {dates}
"""
    deploy(stand, clock, flow_with(trigger))
    scheduler.tick()
    for _ in range(72):
        clock.advance(timedelta(hours=1))
        scheduler.tick()
        assert stand.executor.join_idle(30)
    assert fired(stand) == ["2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00"]
    first = min(stand.all(), key=lambda each: each.created_at)
    assert first.origin.variables["next"] == "2026-03-29T03:30:00+02:00"
    assert first.origin.type == "core.trigger.ScheduleOnDates"


def test_dates_that_cannot_be_rendered_never_fire(stand, clock, scheduler):
    trigger = '    type: core.trigger.ScheduleOnDates\n    dates: ["{{ vars.none }}"]'
    deploy(stand, clock, flow_with(trigger))
    assert scheduler.tick() is None
    assert stand.all() == []


def test_B07_a_time_that_the_clock_change_leaves_out_or_repeats_fires_once(stand, clock, scheduler):
    trigger = '    type: core.trigger.Schedule\n    timezone: Europe/Berlin\n    cron: "30 2 * * *"'
    deploy(stand, clock, flow_with(trigger))
    for _ in range(24 * 3):
        clock.advance(timedelta(hours=1))
        scheduler.tick()
    assert fired(stand) == [
        "2026-03-28T02:30:00+01:00",
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:30:00+02:00",
    ]
    clock.advance(datetime(2026, 10, 24, 12, tzinfo=UTC) - clock.now())
    with stand.database.transaction() as tx:
        timetable.remove(tx, TENANT, "trigger", "a.b", "daily")
    deploy(stand, clock, flow_with(trigger))
    before = len(fired(stand))
    for _ in range(24 * 2):
        clock.advance(timedelta(hours=1))
        scheduler.tick()
    assert [each[:10] for each in fired(stand)[before:]] == ["2026-10-25", "2026-10-26"]


T = TriggerKey(TENANT, "a.b", "daily", "t")


def switch(stand, clock, *, disabled: bool, until: timedelta) -> None:
    now = clock.now()
    override = Override(disabled, "why not", "me", now, now + until)
    with stand.database.transaction() as tx:
        trigger_store.set_override(tx, T, override)


def test_what_somebody_switches_off_fires_again_when_the_time_is_over(stand, clock, scheduler):
    deploy(stand, clock, flow_with('    type: core.trigger.Schedule\n    cron: "0 9 * * *"'))
    switch(stand, clock, disabled=True, until=timedelta(days=2))
    for _ in range(4):
        clock.advance(timedelta(days=1))
        scheduler.tick()
    assert [each[:10] for each in fired(stand)] == ["2026-03-30", "2026-03-31"]
    with stand.database.read() as tx:
        assert trigger_store.find(tx, T).override is None


def test_what_somebody_switches_on_fires_although_it_is_declared_off(stand, clock, scheduler):
    trigger = '    type: core.trigger.Schedule\n    cron: "0 9 * * *"\n    disabled: true'
    deploy(stand, clock, flow_with(trigger))
    switch(stand, clock, disabled=False, until=timedelta(days=1, hours=1))
    for _ in range(4):
        clock.advance(timedelta(days=1))
        scheduler.tick()
    assert [each[:10] for each in fired(stand)] == ["2026-03-28"]


@pytest.mark.parametrize(
    ("disabled", "hours", "dates"),
    [(True, 48, ["2026-03-30", "2026-03-31"]), (False, 49, ["2026-03-28", "2026-03-29"])],
)
def test_what_somebody_decides_of_a_declared_schedule_counts_for_a_while(
    stand, clock, scheduler, disabled, hours, dates
):
    stand.put(FLOW)
    put(stand, entry(disabled=not disabled))
    key = ScheduleKey(TENANT, "a.b", "morning")
    end = clock.now() + timedelta(hours=hours)
    with stand.database.transaction() as tx:
        decided = Override(disabled, "why not", "me", clock.now(), end)
        schedule_override.put(tx, key, decided)
    for _ in range(4):
        clock.advance(timedelta(days=1))
        scheduler.tick()
    assert [each[:10] for each in fired(stand)] == dates
    with stand.database.read() as tx:
        assert schedule_override.find(tx, key) is None
        (event,) = audit.page(tx, TENANT, object="schedule/a.b/morning", limit=10)
    assert (event.record.action, event.record.actor) == ("schedule.follow", "system")


def test_a_backfill_goes_through_its_dates_one_after_the_other(stand, clock, scheduler):
    deploy(stand, clock, flow_with(MONDAYS))
    backfill = {
        "start": "2026-01-01T00:00:00Z",
        "end": "2026-03-15T00:00:00Z",
        "at": "2026-01-01T00:00:00Z",
        "inputs": {},
        "labels": {"why": "repair"},
        "paused": True,
        "actor": "me",
    }
    with stand.database.transaction() as tx:
        trigger_store.set_backfill(tx, T, backfill)
    scheduler.tick()
    assert stand.all() == []
    with stand.database.transaction() as tx:
        trigger_store.set_backfill(tx, T, {**backfill, "paused": False})
    for count in (1, 2, 3):
        scheduler.tick()
        assert len(fired(stand)) == count
    scheduler.tick()
    assert [each[:10] for each in fired(stand)] == ["2026-01-05", "2026-02-02", "2026-03-02"]
    assert {each.labels["why"] for each in stand.all()} == {"repair"}
    assert stand.all()[0].origin.actor == "me"
    with stand.database.read() as tx:
        assert trigger_store.find(tx, T).backfill is None


def test_a_backfill_waits_for_a_flow_that_cannot_be_executed(stand, clock, scheduler, monkeypatch):
    source = flow_with(MONDAYS)
    deploy(stand, clock, source)
    backfill = {
        "start": "2026-01-01T00:00:00Z",
        "end": "2026-01-31T00:00:00Z",
        "at": "2026-01-01T00:00:00Z",
        "inputs": {},
        "labels": {},
        "paused": False,
        "actor": "me",
    }
    with stand.database.transaction() as tx:
        trigger_store.set_backfill(tx, T, backfill)
    stand.put(source + "disabled: true\n")
    scheduler.tick()

    def invalid(*_):
        raise InvalidFlow("it does not parse")

    with monkeypatch.context() as broken:
        broken.setattr(stand.flows, "latest", invalid)
        scheduler.tick()
    assert stand.all() == []
    stand.put(source)
    scheduler.tick()
    assert [each[:10] for each in fired(stand)] == ["2026-01-05"]


def test_a_schedule_stops_after_a_failure(stand, clock, scheduler):
    trigger = '    type: core.trigger.Schedule\n    cron: "0 9 * * *"\n    stopAfter: [FAILED]'
    source = flow_with(trigger).replace(
        "core.log.Log, message", "core.execution.Fail, errorMessage"
    )
    deploy(stand, clock, source)
    for _ in range(3):
        clock.advance(timedelta(days=1))
        scheduler.tick()
        assert stand.executor.join_idle(30)
    assert [each[:10] for each in fired(stand)] == ["2026-03-28"]


def test_a_slow_condition_does_not_hold_up_other_fires(stand, clock):
    stand.put(
        FLOW + "triggers:\n  - {id: t, type: core.trigger.Schedule, cron: '0 8 * * *', "
        "timezone: Europe/Berlin, when: \"{{ trigger.date contains '2026-03-29' }}\"}\n"
    )
    with stand.database.read() as tx:
        version = stand.flows.latest(tx, TENANT, "a.b", "daily")
    made = entry(kind="trigger", id="t")
    passed = iter(range(1_000_000))
    dates = Dates(stand.world, clock, lambda: next(passed) / 10)
    _, execution = dates.execution(made, version, datetime(2026, 3, 29, 6, tzinfo=UTC), now=START)
    assert execution is not None
    assert execution.origin.variables["next"] is None
    assert execution.origin.variables["previous"] is None
    assert next(passed) < 30


def test_a_busy_machine_finds_the_same_dates_around_as_one_that_is_not(stand, clock, monkeypatch):
    stand.put(
        FLOW + "triggers:\n  - {id: t, type: core.trigger.Schedule, cron: '0 8 * * *', "
        "timezone: Europe/Berlin, when: \"{{ trigger.date contains '9T' }}\"}\n"
    )
    with stand.database.read() as tx:
        version = stand.flows.latest(tx, TENANT, "a.b", "daily")
    is_wanted, others = Fire.is_wanted, threading.Event()

    def after_others(fire, *left_out):
        others.wait(0.15)
        return is_wanted(fire, *left_out)

    monkeypatch.setattr(Fire, "is_wanted", after_others)
    made, at = entry(kind="trigger", id="t"), datetime(2026, 3, 29, 6, tzinfo=UTC)
    _, execution = Dates(stand.world, clock).execution(made, version, at, now=START)
    assert execution is not None
    assert execution.origin.variables["next"] == "2026-04-09T08:00:00+02:00"
    assert execution.origin.variables["previous"] == "2026-03-19T08:00:00+01:00"


def test_dates_that_there_is_no_time_to_test_are_missed():
    late = replace(entry(), next_fire_at=START - timedelta(days=1_000))
    tested: list[datetime] = []

    def holds(at: datetime) -> bool:
        tested.append(at)
        return True

    found = fires(late, START, holds, enough=lambda: len(tested) == 3)
    assert len(found.wanted) == len(tested) == 3
    assert found.wanted[-1] == tested[0]
    assert found.skipped > 990
