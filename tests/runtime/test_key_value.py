"""`kv()`, `core.kv.Set` and `core.kv.Get`: inheritance, expiry, what is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from penstock.model.state import State
from penstock.runtime.clock import VirtualClock
from penstock.store import audit, kv, kv_version
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
    assert stand.executor.join_idle(30)
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


def flow(*tasks, namespace="a.b"):
    text = "\n".join(f"  - {{id: t{n}, {task}}}" for n, task in enumerate(tasks))
    return f"id: f\nnamespace: {namespace}\ntasks:\n{text}\n"


def outcome(stand, *tasks, namespace="a.b"):
    """The outputs of the last task, or the sentence of the one that failed."""
    execution = stand.run(flow(*tasks, namespace=namespace))
    runs = sorted(execution.task_runs.values(), key=lambda run: run.number)
    return runs[-1].failure.message if runs[-1].failure else runs[-1].outputs


def actions(stand):
    with stand.database.read() as tx:
        return [each.record.action for each in audit.page(tx, TENANT, limit=50)]


def versions(stand, key, namespace="a.b"):
    with stand.database.read() as tx:
        return kv_version.page(tx, TENANT, namespace, key)


def test_each_write_is_a_version_and_the_oldest_are_let_go(stand, clock, monkeypatch):
    monkeypatch.setattr(kv_version, "KEPT", 3)
    for value in range(5):
        clock.advance(timedelta(seconds=1))
        outcome(stand, f"type: core.kv.Set, key: k, value: {value}")
    assert [(each.revision, each.value) for each in versions(stand, "k")] == [
        (5, 4),
        (4, 3),
        (3, 2),
    ]


def test_put_merges_and_lets_the_rest_of_the_pair_be(stand, clock):
    outcome(
        stand,
        "type: core.kv.Set, key: k, ttl: PT1H, kvDescription: counts, "
        "value: {a: {x: 1, y: [1]}, b: 2}",
    )
    clock.advance(timedelta(minutes=30))
    outcome(stand, "type: core.kv.Put, key: k, value: {a: {y: [2], z: 3}}")
    row = found(stand, "a.b", "k")
    assert row.value == {"a": {"x": 1, "y": [2], "z": 3}, "b": 2}
    assert (row.description, row.ttl, row.revision) == ("counts", "PT1H", 2)
    assert row.expires_at == START + timedelta(hours=1), "its life does not begin anew"
    assert "no key 'n'" in outcome(
        stand, "type: core.kv.Put, key: n, value: {a: 1}, errorOnMissing: true"
    )
    outcome(stand, "type: core.kv.Put, key: n, value: [1]")
    assert found(stand, "a.b", "n").value == [1]


def test_keys_are_those_of_one_namespace_that_live(stand, clock):
    put(stand, "a", "above", 1)
    put(stand, "a.b", "x.2", 1)
    put(stand, "a.b", "x.1", 1)
    put(stand, "a.b", "y", 1)
    put(stand, "a.b", "x.0", 1, ttl="PT1H")
    clock.advance(timedelta(hours=1))
    assert outcome(stand, "type: core.kv.GetKeys, prefix: x.") == {"keys": ["x.1", "x.2"]}
    assert outcome(stand, "type: core.kv.GetKeys") == {"keys": ["x.1", "x.2", "y"]}
    assert outcome(stand, "type: core.kv.GetKeys, namespace: a") == {"keys": ["above"]}


def test_delete_tells_whether_it_was_there_and_takes_the_versions_along(stand):
    outcome(stand, "type: core.kv.Set, key: k, value: 1", "type: core.kv.Set, key: k, value: 2")
    assert outcome(stand, "type: core.kv.Delete, key: k") == {"deleted": True}
    assert found(stand, "a.b", "k") is None
    assert versions(stand, "k") == []
    assert outcome(stand, "type: core.kv.Delete, key: k") == {"deleted": False}
    assert "no key 'k'" in outcome(stand, "type: core.kv.Delete, key: k, errorOnMissing: true")
    assert actions(stand) == ["kv.create", "kv.update", "kv.delete"]


def test_every_task_on_pairs_keeps_to_what_a_namespace_allows(stand):
    put(stand, "z", "k", {"a": 1})
    for task in (
        "type: core.kv.Get, key: k",
        "type: core.kv.Set, key: k, value: 1",
        "type: core.kv.Put, key: k, value: {}",
        "type: core.kv.Delete, key: k",
        "type: core.kv.GetKeys",
    ):
        assert "may not use the key-value pairs of 'z'" in outcome(stand, f"{task}, namespace: z")
    purge = "type: core.kv.PurgeKV, behavior: {type: key, expiredOnly: false}"
    assert "may not change" in outcome(stand, f"{purge}, namespaces: [z]")
    assert outcome(stand, purge) == {"size": 0}, "not named, so left alone"
    assert outcome(stand, f"{purge}, namespacePattern: z*") == {"size": 0}
    assert found(stand, "z", "k").value == {"a": 1}


def test_a_purge_takes_what_is_below_and_nothing_above(stand):
    behavior = "type: core.kv.PurgeKV, behavior: {type: key, expiredOnly: false}"
    put(stand, "a", "k", 1)
    put(stand, "a.b.c", "k", 1)
    assert "may not change" in outcome(stand, f"{behavior}, namespaces: [a]")
    assert outcome(stand, behavior) == {"size": 1}
    assert found(stand, "a", "k") is not None
    assert found(stand, "a.b.c", "k") is None
    stand.declare("a", allowed_namespaces=["a.b"])
    assert outcome(stand, f"{behavior}, namespaces: [a]") == {"size": 1}


def test_a_purge_takes_what_expired_or_all_by_key(stand, clock):
    put(stand, "a.b", "old", 1, ttl="PT1H")
    put(stand, "a.b", "kept", 1)
    put(stand, "a.b.c", "below", 1)
    stand.declare("a.b.c", allowed_namespaces=["a.b"])
    clock.advance(timedelta(hours=2))
    assert outcome(stand, "type: core.kv.PurgeKV, namespaces: [a.b]") == {"size": 1}
    behavior = "behavior: {type: key, expiredOnly: false}"
    alone = f"type: core.kv.PurgeKV, namespaces: [a.b], includeChildNamespaces: false, {behavior}"
    assert outcome(stand, f"{alone}, keyPattern: 'k*'") == {"size": 1}
    assert found(stand, "a.b.c", "below") is not None
    assert outcome(stand, f"type: core.kv.PurgeKV, namespaces: [a.b], {behavior}") == {"size": 1}
    put(stand, "a.b", "again", 1)
    assert outcome(stand, "type: core.kv.PurgeKV, namespaces: [a.b], expiredOnly: false") == {
        "size": 1
    }


def test_a_purge_of_versions_keeps_the_present_one(stand, clock):
    for value in range(4):
        outcome(stand, f"type: core.kv.Set, key: k, value: {value}")
        clock.advance(timedelta(hours=1))
    before = (START + timedelta(minutes=30)).isoformat()
    purge = "type: core.kv.PurgeKV, behavior: {type: version, "
    assert outcome(stand, f"{purge} before: '{before}'}}") == {"size": 1}
    assert outcome(stand, f"{purge} keepAmount: 2}}") == {"size": 1}
    assert [each.value for each in versions(stand, "k")] == [3, 2]
    assert outcome(stand, f"{purge} before: '2030-01-01T00:00:00Z'}}") == {"size": 1}
    assert found(stand, "a.b", "k").value == 3
    assert actions(stand).count("kv.purge") == 3


def test_a_date_stays_one_until_something_else_is_written(stand):
    outcome(stand, "type: core.kv.Set, key: k, value: '2026-01-31', kvType: DATE")
    assert found(stand, "a.b", "k").kind == "DATE"
    outcome(stand, "type: core.kv.Set, key: k, value: '2026-01-31'")
    assert found(stand, "a.b", "k").kind == "STRING"
