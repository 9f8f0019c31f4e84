from datetime import UTC, datetime

from penstock.model.task import LogLevel
from penstock.store import event, log, metric
from penstock.store.log import LogLine
from penstock.store.metric import MetricValue

NOW = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)


def test_lines_are_read_in_order_from_a_place_and_a_level(database):
    lines = [
        LogLine(NOW, level, f"line {number} 'quoted' ✓\n", "run", "task", 1, number)
        for number, level in enumerate(LogLevel, start=1)
    ]
    with database.transaction() as tx:
        log.append_many(tx, [("main", "e", line) for line in lines])
        log.append_many(tx, [("main", "other", lines[0])])
    with database.read() as tx:
        assert log.page(tx, "main", "e") == lines
        assert log.page(tx, "main", "e", after=2, limit=2) == lines[2:4]
        assert log.page(tx, "main", "e", min_level=LogLevel.WARN) == lines[3:]
        assert log.page(tx, "main", "e", task_run_id="no") == []
        assert log.page(tx, "foreign", "e") == []
        assert log.last_numbers(tx, ["e", "other", "none"]) == {"e": 5, "other": 1}


def test_an_event_is_never_overwritten(database):
    cells = ("e", 1, "main", NOW, "created", "CREATED", None, {"a": 1})
    with database.transaction() as tx:
        event.append_many(tx, [cells])
        event.append_many(tx, [("e", 1, "main", NOW, "changed", "FAILED", None, None)])
    with database.read() as tx:
        (found,) = event.of_execution(tx, "main", "e")
        assert (found.kind, found.at, found.detail) == ("created", NOW, {"a": 1})
        assert event.of_execution(tx, "main", "e", after=1) == []
        assert event.last_numbers(tx, ["e"]) == {"e": 1}


def test_metrics_come_back_as_recorded(database):
    value = MetricValue("1", NOW, "run", "rows", 2.5, "gauge", {"table": "t"})
    with database.transaction() as tx:
        metric.append_many(tx, [("main", "e", value)])
    with database.read() as tx:
        assert metric.of_execution(tx, "main", "e") == [value]
