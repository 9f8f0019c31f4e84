from dataclasses import replace
from datetime import UTC, datetime, timedelta

from penstock.store import timetable
from penstock.store.timetable import TimetableEntry

NOW = datetime(2026, 5, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def entry(id_: str, at: datetime | None, **changes) -> TimetableEntry:
    made = TimetableEntry("schedule", "main", "a.b", "f", id_, "0 * * * *", next_fire_at=at)
    return replace(made, **changes)


def put(database, *entries):
    with database.transaction() as tx:
        timetable.replace(tx, "main", entries)


def test_due_are_enabled_entries_whose_time_has_come_earliest_first(database):
    put(
        database,
        entry("late", NOW),
        entry("early", NOW - HOUR),
        entry("future", NOW + HOUR),
        entry("never", None),
        entry("off", NOW, disabled=True),
    )
    with database.read() as tx:
        assert [e.id for e in timetable.due(tx, NOW)] == ["early", "late"]
        assert timetable.earliest(tx) == NOW - HOUR


def test_a_fire_is_claimed_once(database):
    due = entry("s", NOW, inputs={"a": [1]}, labels={"k": "v"}, late_maximum_seconds=1.5)
    put(database, due)
    with database.transaction() as tx:
        assert timetable.claim(tx, due, NOW + HOUR)
        assert not timetable.claim(tx, due, NOW + HOUR)
    with database.read() as tx:
        (found,) = timetable.find(tx, "main", "schedule", "a.b", "s")
    assert found == replace(due, next_fire_at=NOW + HOUR, last_fire_at=NOW)


def test_a_change_of_the_schedule_voids_the_claim_and_keeps_the_last_fire(database):
    due = entry("s", NOW)
    put(database, due)
    with database.transaction() as tx:
        assert timetable.claim(tx, due, NOW + HOUR)
    put(database, entry("s", NOW + 2 * HOUR, cron="0 2 * * *"))
    with database.transaction() as tx:
        assert not timetable.claim(tx, replace(due, next_fire_at=NOW + HOUR), None)
        (found,) = timetable.find(tx, "main", "schedule", "a.b", "s")
    assert found.last_fire_at == NOW
    assert found.cron == "0 2 * * *"


def test_triggers_go_with_their_flow_and_schedules_by_their_id(database):
    put(
        database,
        entry("s", NOW),
        entry("one", NOW, kind="trigger"),
        entry("two", NOW, kind="trigger"),
        entry("one", NOW, kind="trigger", flow_id="other"),
    )
    with database.transaction() as tx:
        timetable.remove(tx, "main", "trigger", "a.b", "f")
    with database.read() as tx:
        left = [(e.kind, e.flow_id, e.id) for e in timetable.due(tx, NOW)]
    assert sorted(left) == [("schedule", "f", "s"), ("trigger", "other", "one")]
    with database.transaction() as tx:
        timetable.remove(tx, "main", "schedule", "a.b", "s")
        assert timetable.find(tx, "main", "schedule", "a.b", "s") == []
