import threading
from datetime import UTC, datetime, timedelta

from penstock.runtime.clock import SystemClock
from penstock.runtime.rescuer import Checker, Heart, Rescuer
from penstock.runtime.scheduler import Scheduler
from penstock.runtime.service import Duties
from penstock.store import job, timetable
from penstock.store.job import LeasedJob

from .test_scheduler import FLOW, entry


class Counting:
    name = "counting"
    seconds = 3600.0

    def __init__(self):
        self.calls = 0
        self.at_once = 0
        self.called = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)

    def tick(self):
        self.at_once += 1
        assert self.at_once == 1, "two calls at a time"
        self.calls += 1
        self.called.release()
        assert self.may_end.acquire(timeout=30)
        self.at_once -= 1
        if self.calls == 1:
            raise RuntimeError("the first call fails")


def test_a_duty_is_called_at_the_start_after_errors_and_never_twice_at_a_time():
    duty = Counting()
    duties = Duties([duty])
    duties.start()
    assert duty.called.acquire(timeout=30)
    duties.nudge("counting")
    duties.nudge("counting")
    for _ in range(5):
        duty.may_end.release()
    assert duty.called.acquire(timeout=30)
    duties.stop()
    assert duty.at_once == 0
    assert 2 <= duty.calls <= 3
    duties.nudge("counting")
    duties.stop()


def test_a_nudge_counts_although_the_call_that_runs_says_when_the_next_is_due():
    class Nudged:
        name = "nudged"
        seconds = 3600.0

        def __init__(self):
            self.calls = 0
            self.is_over = threading.Event()

        def tick(self):
            self.calls += 1
            if self.calls == 50:
                self.is_over.set()
                return None
            duties.nudge("nudged")
            return datetime.now(UTC) + timedelta(hours=1)

    duty = Nudged()
    duties = Duties([duty])
    duties.start()
    assert duty.is_over.wait(30), duty.calls
    duties.stop()


def test_duties_stop_cleanly_at_any_moment():
    class Eager:
        name = "eager"
        seconds = 0.001

        def tick(self):
            return datetime.now(UTC)

    for _ in range(20):
        duties = Duties([Eager()])
        duties.start()
        duties.nudge("eager")
        duties.stop()


def test_a_schedule_fires_by_itself_when_its_time_comes(stand):
    stand.put(FLOW)
    scheduler = Scheduler(stand.world, stand.flows, stand.executor, SystemClock())
    duties = Duties([scheduler, Heart(stand.executor), Checker(stand.executor)])
    duties.start()
    due = entry(cron="* * * * * *", timezone="UTC")
    with stand.database.transaction() as tx:
        from dataclasses import replace

        soon = replace(due, next_fire_at=stand.clock.now(), missed="LAST")
        timetable.replace(tx, "main", [soon])
    duties.nudge("scheduler")
    fired = threading.Event()
    for _ in range(3_000):
        if stand.all():
            break
        fired.wait(0.01)
    duties.stop()
    assert stand.executor.join_idle(30)
    assert len(stand.all()) >= 1


def test_the_rescuer_has_lost_attempts_of_dead_workers_run_again(stand):
    version = stand.put("""
id: nap
namespace: a.b
tasks: [{id: nap, type: core.flow.Sleep, duration: PT30S}]
""")
    id_ = stand.submit(version)
    stand.until_started(id_, "nap")
    (run,) = stand.get(id_).task_runs.values()
    now = stand.clock.now()
    foreign = LeasedJob(run.id, id_, "main", "nap", run.fence, 1, "a dead server", now)
    with stand.database.transaction() as tx:
        job.upsert_many(tx, [foreign])
    Rescuer(stand.database, stand.executor, stand.clock).tick()
    stand.executor.write(lambda _: None).result(30)
    (again,) = stand.get(id_).task_runs.values()
    assert again.fence == run.fence + 1
    assert ("lost", "CREATED") in stand.events(id_)
    with stand.database.read() as tx:
        (present,) = job.everyone(tx)
    assert (present.owner, present.fence) == (stand.executor.owner, again.fence)
    stand.executor.kill("main", id_, "done").result(30)
    stand.executor._workers.cancel(run.id)
    assert stand.executor.join_idle(30)


def test_heartbeats_extend_leases(stand):
    version = stand.put("""
id: nap
namespace: a.b
tasks: [{id: nap, type: core.flow.Sleep, duration: PT30S}]
""")
    id_ = stand.submit(version)
    stand.until_started(id_, "nap")
    with stand.database.read() as tx:
        (before,) = job.everyone(tx)
    heart = Heart(stand.executor)
    for _ in range(20):
        heart.tick()
    stand.executor.write(lambda _: None).result(30)
    with stand.database.read() as tx:
        (after,) = job.everyone(tx)
    assert after.expires_at > before.expires_at
    stand.executor.kill("main", id_, "done").result(30)
    assert stand.executor.join_idle(30)


def test_a_task_that_writes_faster_than_the_database_is_slowed_down(stand, monkeypatch):
    from penstock.plugins.core.flow.sleep import Sleep
    from penstock.runtime import worker

    monkeypatch.setattr(worker, "_MOST_UNREAD", 2)
    seen = []

    def work(_self, context):
        for number in range(5_000):
            context.log(f"line {number}")
            seen.append(stand.executor._inbox.qsize())

    monkeypatch.setattr(Sleep, "run", work)
    ended = stand.run("""
id: loud
namespace: a.b
tasks: [{id: shout, type: core.flow.Sleep, duration: PT0S}]
""")
    assert max(seen) <= 4
    with stand.database.read() as tx:
        from penstock.store import log

        assert log.last_numbers(tx, [ended.id])[ended.id] == 5_000
