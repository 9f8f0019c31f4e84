from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.model.execution import (
    Attempt,
    Execution,
    Failure,
    Origin,
    Source,
    StateChange,
    TaskRun,
)
from penstock.model.state import State
from penstock.store import execution, schema, task_run
from penstock.store.execution_filter import Filter
from penstock.store.identity import new_id
from penstock.store.session import Database

NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False, width=32)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(TEXTS, JSON, max_size=3)


def made(**changes) -> Execution:
    at = changes.pop("at", NOW)
    values = {
        "id": new_id(),
        "tenant": "main",
        "namespace": "a.b",
        "flow_id": "f",
        "flow_revision": 1,
        "flow_hash": "hash",
        "state": State.RUNNING,
        "history": (StateChange(State.CREATED, at),),
        "created_at": at,
    }
    return Execution(**{**values, **changes})


def run_of(number: int, **changes) -> TaskRun:
    values = {
        "id": new_id(),
        "task_id": "t",
        "number": number,
        "state": State.RUNNING,
        "history": (StateChange(State.CREATED, NOW),),
    }
    return TaskRun(**{**values, **changes})


def put(database: Database, *executions: Execution) -> None:
    with database.transaction() as tx:
        execution.upsert_many(tx, executions)
        task_run.upsert_many(
            tx, [(e.tenant, e.id, run) for e in executions for run in e.task_runs.values()]
        )


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('store')}/penstock.db")
    schema.prepare(database)
    yield database
    database.close()


@settings(max_examples=40, deadline=None)
@given(inputs=OBJECTS, outputs=st.none() | OBJECTS, name=TEXTS, micro=st.integers(0, 999_999))
def test_what_is_written_is_what_is_read(shared, inputs, outputs, name, micro):
    at = NOW.replace(microsecond=micro)
    run = run_of(
        0,
        value=name,
        iteration=3,
        attempts=(Attempt(1, State.FAILED, at, None, name), Attempt(2, State.RUNNING)),
        outputs=outputs,
        failure=Failure(name),
        fence=2,
        progress=inputs,
        retry_at=at,
        child_execution_id="c",
        started_at=at,
        ended_at=at,
    )
    written = made(
        at=at,
        inputs=inputs,
        outputs=outputs,
        labels={name: name},
        variables=inputs,
        origin=Origin("api", "i", name, inputs),
        source=Source("r", "c"),
        started_at=at,
        ended_at=at,
        parent_id="p",
        parent_task_run_id="t",
        original_id="o",
        failure=Failure(name),
        task_runs={run.id: run},
    )
    put(shared, written)
    with shared.read() as tx:
        assert execution.get(tx, "main", written.id) == written
        assert execution.get(tx, "other", written.id) is None


def test_a_second_write_replaces_the_first(database):
    run = run_of(0)
    first = made(task_runs={run.id: run})
    put(database, first)
    ended = replace(run, state=State.SUCCESS, outputs={"a": 1})
    second = replace(first, state=State.SUCCESS, ended_at=NOW, task_runs={run.id: ended})
    put(database, second)
    with database.read() as tx:
        assert execution.get(tx, "main", first.id) == second
        assert list(execution.active(tx)) == []


def test_active_comes_in_pages_with_task_runs_in_order(database):
    many = []
    for _ in range(7):
        runs = [run_of(number) for number in range(3)]
        many.append(made(task_runs={run.id: run for run in runs}))
    put(database, *many, made(state=State.SUCCESS, ended_at=NOW))
    with database.read() as tx:
        pages = list(execution.active(tx, page_size=3))
    assert [len(page) for page in pages] == [3, 3, 1]
    found = {e.id: e for page in pages for e in page}
    assert found == {e.id: e for e in many}
    for e in many:
        assert list(found[e.id].task_runs) == list(e.task_runs)


def test_one_that_has_ended_but_runs_after_execution_is_active(database):
    run = run_of(0)
    put(database, made(state=State.SUCCESS, ended_at=NOW, task_runs={run.id: run}))
    with database.read() as tx:
        assert len(next(iter(execution.active(tx)))) == 1


def test_pages_are_newest_first_and_leave_nothing_out(database):
    many = [made(at=NOW + timedelta(seconds=i // 3)) for i in range(10)]
    put(database, *many)
    seen, cursor = [], None
    with database.read() as tx:
        while True:
            page = execution.page(tx, "main", cursor=cursor, limit=4)
            seen.extend(page.items)
            cursor = page.next_cursor
            if cursor is None:
                break
    assert [e.id for e in seen] == [
        e.id for e in sorted(many, key=lambda e: (e.created_at, e.id), reverse=True)
    ]


def test_pages_can_be_filtered(database):
    put(
        database,
        made(namespace="a"),
        made(namespace="a.b", flow_id="g"),
        made(namespace="ab", state=State.SUCCESS, ended_at=NOW),
        made(tenant="other"),
    )

    def count(**filters):
        with database.read() as tx:
            return len(execution.page(tx, "main", Filter(**filters)).items)

    assert count() == 3
    assert count(namespace="a") == 2
    assert count(flow_id="g") == 1
    assert count(states=("SUCCESS",)) == 1


def test_evidence_counts_exactly_one_content_without_replays(database):
    ended = {"ended_at": NOW + timedelta(hours=1)}
    good = [made(state=State.SUCCESS, **ended) for _ in range(4)]
    good[0] = replace(good[0], ended_at=NOW - timedelta(days=1))
    put(
        database,
        *good,
        made(state=State.FAILED, **ended),
        made(state=State.SUCCESS, flow_hash="other", **ended),
        made(state=State.SUCCESS, original_id="x", **ended),
        made(state=State.KILLED, **ended),
        made(state=State.SUCCESS, tenant="other", **ended),
    )
    with database.read() as tx:
        proven, nothing = execution.evidence(tx, "main", [("a.b", "f", "hash"), ("a", "f", "hash")])
    assert (proven.success, proven.failed, proven.days) == (4, 1, 2)
    assert proven.first_at == good[0].ended_at
    assert set(proven.successful_ids) <= {e.id for e in good[1:]}
    assert len(proven.successful_ids) == 3
    assert (nothing.success, nothing.failed, nothing.first_at) == (0, 0, None)


def test_running_counts_leave_out_who_waits(database):
    put(database, made(), made(), made(state=State.QUEUED), made(state=State.SUCCESS, ended_at=NOW))
    with database.read() as tx:
        assert execution.running_counts(tx) == {("main", "a.b", "f"): 2}
        assert execution.active_by_flow(tx, "main") == {("a.b", "f"): 3}


def test_ids_sort_by_time_and_are_never_equal():
    ids = [new_id() for _ in range(20_000)]
    assert len(set(ids)) == len(ids)
    assert {len(id_) for id_ in ids} == {22}
    assert [id_[:8] for id_ in ids] == sorted(id_[:8] for id_ in ids)
