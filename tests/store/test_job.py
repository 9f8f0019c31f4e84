from datetime import UTC, datetime, timedelta

from penstock.store import job
from penstock.store.job import LeasedJob

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def made(name: str, owner: str | None, expires_at: datetime | None, fence: int = 1) -> LeasedJob:
    return LeasedJob(name, "e", "main", "t", fence, 1, owner, expires_at)


def test_jobs_are_replaced_by_newer_attempts_and_deleted_with_their_result(database):
    with database.transaction() as tx:
        job.upsert_many(tx, [made("a", "me", NOW), made("b", None, None)])
        job.upsert_many(tx, [made("a", "me", NOW, fence=2)])
        job.delete_many(tx, ["b", "unknown"])
    with database.read() as tx:
        assert job.everyone(tx) == [made("a", "me", NOW, fence=2)]


def test_a_heartbeat_extends_only_the_owners_leases(database):
    later = NOW + timedelta(seconds=30)
    with database.transaction() as tx:
        job.upsert_many(
            tx, [made("mine", "me", NOW), made("dead", "it", NOW), made("free", None, None)]
        )
        job.extend(tx, "me", later)
    with database.read() as tx:
        assert job.lost(tx, "me", NOW + timedelta(seconds=1)) == [made("dead", "it", NOW)]
        assert job.lost(tx, "me", NOW - timedelta(seconds=1)) == []
        assert made("mine", "me", later) in job.everyone(tx)


def test_a_graceful_stop_gives_leases_back(database):
    with database.transaction() as tx:
        job.upsert_many(tx, [made("mine", "me", NOW), made("other", "it", NOW)])
        job.release(tx, "me")
    with database.read() as tx:
        assert sorted(job.everyone(tx), key=lambda j: j.task_run_id) == [
            made("mine", None, None),
            made("other", "it", NOW),
        ]
