from datetime import UTC, datetime, timedelta

from penstock.engine.message import TimerKind
from penstock.runtime.alarm import Alarms
from penstock.store.timer import StoredTimer

START = datetime(2026, 1, 1, tzinfo=UTC)


def timer(number: int, seconds: int, execution: str = "x") -> StoredTimer:
    at = START + timedelta(seconds=seconds)
    return StoredTimer(f"{execution}{number}", "main", at, next(iter(TimerKind)), None, 0)


def test_timers_come_due_in_order_also_the_same_one_twice():
    alarms = Alarms()
    alarms.add([timer(2, 20), timer(1, 10), timer(2, 20), timer(3, 30)])
    assert alarms.next_at() == START + timedelta(seconds=10)
    assert alarms.due(START + timedelta(seconds=20)) == [timer(1, 10), timer(2, 20), timer(2, 20)]
    assert len(alarms) == 1


def test_timers_of_executions_that_are_over_do_not_pile_up():
    alarms = Alarms()
    wanted = {"live0"}
    alarms.add([timer(0, 86_400, "live")])
    for number in range(50_000):
        alarms.add([timer(number, 86_400 - number % 7, "over")])
        alarms.prune(wanted.__contains__)
        assert len(alarms) <= 10_001
    assert timer(0, 86_400, "live") in alarms.due(START + timedelta(days=2))
