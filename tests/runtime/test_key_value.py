"""`kv()`, `core.kv.Set` and `core.kv.Get`: inheritance, expiry, what is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from penstock.model.state import State
from penstock.runtime.clock import VirtualClock
from penstock.store import audit, kv
from penstock.store.kv import KvRow

from .stand import TENANT, Stand

START = datetime(2026, 3, 27, 12, tzinfo=UTC)


@pytest.fixture
def clock():
    return VirtualClock(START)


@pytest.fixture
def stand(tmp_path, clock):
    made = Stand(tmp_path, clock=clock)
    made.executor.start()
    yield made
    made.close()


def put(stand, namespace, key, value, ttl=None):
    now = stand.clock.now()
    row = KvRow(
        tenant=TENANT,
        namespace=namespace,
        key=key,
        owner="terraform:prod",
        revision=1,
        content_hash="x",
        created_at=now,
        updated_at=now,
        value=value,
        ttl=ttl,
        expires_at=kv.expiry(ttl, now),
    )
    with stand.database.transaction() as tx:
        kv.put(tx, row)


def found(stand, namespace, key):
    with stand.database.read() as tx:
        return kv.find(tx, TENANT, namespace, key=key, now=stand.clock.now())


def returned(stand, expression):
    """What `core.debug.Return` gives back for an expression, or the failure's sentence."""
    execution = stand.run(
        f"id: f\nnamespace: a.b.c\ntasks:\n  - id: t\n    type: core.debug.Return\n    format: >-\n      {expression}\n"
    )
    (run,) = execution.task_runs.values()
    return run.failure.message if run.failure else run.outputs.get("value")


def test_kv_finds_the_nearest_value_above_and_keeps_its_type(stand):
    put(stand, "a", "rows", {"max": 1})
    put(stand, "a.b", "rows", {"max": 500})
    put(stand, "z", "rows", {"max": 7})
    stand.declare("z", allowed_namespaces=["a.b"])
    assert returned(stand, "{{ kv('rows').max + 1 }}") == "501"
    assert returned(stand, "{{ kv('rows', 'a').max }}") == "1"
    assert returned(stand, "{{ kv('rows', namespace='z').max }}") == "7"
    assert "no key 'rows'" in returned(stand, "{{ kv('rows', 'a.b.c').max }}"), (
        "named: that one only"
    )


def test_a_missing_key_is_a_sentence_with_the_nearest(stand):
    put(stand, "a", "last_run", 1)
    assert (
        "There is no key 'lastrun' in the namespace 'a.b.c' or above it. Did you mean 'last_run'?"
        in returned(stand, "{{ kv('lastrun') }}")
    )
    assert "penstock kv put a.b/lastrun VALUE" in returned(stand, "{{ kv('lastrun', 'a.b') }}")
    assert returned(stand, "{{ kv('lastrun', errorOnMissing=false) ?? 'never' }}") == "never"
    assert returned(stand, "{{ kv('lastrun', 'a.b', false) ?? 'never' }}") == "never"
    assert "no key" in returned(stand, "{{ kv('lastrun') ?? 'never' }}"), "only null is replaced"


def test_a_value_expires_by_the_clock_and_is_swept_away_by_the_next_write(stand, clock):
    put(stand, "a.b.c", "k", "near", ttl="PT1H")
    put(stand, "a", "k", "far")
    clock.advance(timedelta(minutes=59, seconds=59))
    assert returned(stand, "{{ kv('k') }}") == "near"
    clock.advance(timedelta(seconds=1))
    assert returned(stand, "{{ kv('k') }}") == "far"
    put(stand, "z", "other", 1)
    with stand.database.read() as tx:
        rows = tx.exec_driver_sql("SELECT namespace FROM kv ORDER BY namespace").scalars().all()
    assert rows == ["a", "z"]


SET = """
id: set
namespace: a.b
inputs:
  - {id: ttl, type: STRING, defaults: PT1H}
  - {id: overwrite, type: BOOL, defaults: true}
tasks:
  - id: write
    type: core.kv.Set
    key: "k-{{ flow.id }}"
    value: "{{ {'rows': 3} }}"
    ttl: "{{ inputs.ttl }}"
    overwrite: "{{ inputs.overwrite }}"
  - id: read
    type: core.kv.Get
    key: k-set
  - id: tell
    type: core.log.Log
    message: "{{ outputs.read.value.rows + 1 }} {{ kv('k-set').rows }}"
"""


def test_a_flow_writes_and_reads_and_each_write_lets_it_live_anew(stand, clock):
    execution = stand.run(SET, ttl="PT1H", overwrite=True)
    assert stand.logs(execution.id) == ["4 3"]
    row = found(stand, "a.b", "k-set")
    assert (row.value, row.owner, row.revision) == ({"rows": 3}, "api", 1)
    clock.advance(timedelta(minutes=30))
    stand.run(SET, ttl="PT1H", overwrite=True)
    row = found(stand, "a.b", "k-set")
    assert row.expires_at == clock.now() + timedelta(hours=1)
    with stand.database.read() as tx:
        events = audit.page(tx, TENANT, limit=10)
    assert [event.record.action for event in events] == ["kv.create", "kv.update"]
    assert {event.record.actor.partition(":")[0] for event in events} == {"execution"}


def test_a_flow_does_not_take_a_declared_pair_from_its_owner(stand):
    put(stand, "a.b", "k-set", 1)
    stand.run(SET, ttl="PT1H", overwrite=True)
    row = found(stand, "a.b", "k-set")
    assert (row.owner, row.value, row.revision) == ("terraform:prod", {"rows": 3}, 2)


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [({"overwrite": False}, "'overwrite' is false"), ({"ttl": "1 hour"}, "no time to live")],
)
def test_set_says_why_it_does_not_write(stand, inputs, sentence):
    put(stand, "a.b", "k-set", 1)
    version = stand.put(SET)
    execution = stand.get(stand.submit(version, **{"ttl": "PT1H", "overwrite": True, **inputs}))
    assert stand.executor.join_idle(10)
    execution = stand.get(execution.id, version)
    assert execution.state is State.FAILED
    (run,) = execution.task_runs.values()
    assert sentence in run.failure.message
    assert found(stand, "a.b", "k-set").value == 1


def test_a_secret_is_never_stored_as_a_readable_value(stand):
    stand.secrets.values["TOKEN"] = "hunter2!"
    execution = stand.run(
        "id: f\nnamespace: a.b\ntasks:\n  - id: t\n    type: core.kv.Set\n    key: k\n"
        "    value: \"Bearer {{ secret('TOKEN') }}\"\n"
    )
    (run,) = execution.task_runs.values()
    assert "holds a secret" in run.failure.message
    assert found(stand, "a.b", "k") is None
