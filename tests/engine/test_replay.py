"""Replays, and restarts by another revision: new executions that are made of earlier ones."""

from __future__ import annotations

import pytest

from penstock.engine.check import check
from penstock.engine.replay import Again, Version, replayed, restarted
from penstock.errors import Conflict
from penstock.model.execution import Origin
from penstock.model.flow import Flow
from penstock.model.state import State

from .driver import FAIL, OK, Driver, Outcome, flow, job, task

VALUE = Outcome(outputs={"value": "first"})


def again(driver: Driver) -> Again:
    return Again(driver.ports.new_id(), driver.now, Origin("api", actor="me"), driver.ports.new_id)


def replay(driver: Driver, key: str | None = None, new: Flow | None = None, **options) -> Driver:
    """Replays from a task run; the driver goes on with the new execution alone."""
    old = driver.flows["main"]
    version = Version(new or old, 2 if new else 1, "hash")
    run_id = None if key is None else driver.run_of(key).id
    made = replayed(driver.execution, old, version, again(driver), task_run_id=run_id, **options)
    driver.flows["main"] = version.flow
    driver.starts.clear()
    return driver.again(made)


@pytest.mark.parametrize(
    ("tasks", "key", "starts", "order"),
    [
        ([job("a"), job("b"), job("c")], None, "a b c", "a b c"),
        ([job("a"), job("b"), job("c")], "b", "b c", "a b c"),
        ([job("a"), job("b"), job("c")], "a", "a b c", "a b c"),
        (
            [task("sequential", "s", tasks=[job("a"), job("b")]), job("c")],
            "b",
            "b c",
            "s a b c",
        ),
        (
            [job("o"), task("folder", "w", tasks=[job("a"), job("b")]), job("c")],
            "b",
            "a b c",
            "o w a b c",
        ),
        (
            [task("folder", "w", tasks=[job("a"), job("b")]), job("c")],
            "c",
            "c",
            "w a b c",
        ),
        ([task("sequential", "s", tasks=[job("a"), job("b")]), job("c")], "s", "a b c", "s a b c"),
        (
            [task("parallel", "p", tasks=[job("a"), job("b")]), job("c")],
            "a",
            "a c",
            "p b a c",
        ),
        (
            [task("parallel", "p", concurrent=1, tasks=[job("a"), job("b"), job("c")])],
            "b",
            "b c",
            "p a b c",
        ),
        (
            [task("each", "f", values='["1", "2", "3"]', tasks=[job("x"), job("y")])],
            "x[2]",
            "x y x y",
            "f x[1] y[1] x[2] y[2] x[3] y[3]",
        ),
        (
            [
                task(
                    "each",
                    "f",
                    values='["1", "2", "3"]',
                    concurrencyLimit=0,
                    tasks=[job("x"), job("y")],
                )
            ],
            "y[2]",
            "y",
            "f x[1] x[2] x[3] y[1] y[3] y[2]",
        ),
    ],
)
def test_a_replay_copies_what_came_before(tasks, key, starts, order):
    driver = replay(Driver(flow(*tasks)).run(), key)
    assert driver.execution.state is State.SUCCESS
    assert driver.starts == starts.split()
    assert driver.order == order.split()
    assert driver.execution.labels["system.replay"] == "true"


def test_copied_outputs_are_seen():
    tasks = [job("a"), job("b"), job("c", runIf="{{ outputs.a.value == 'first' }}")]
    driver = Driver(flow(*tasks), table={"a": VALUE}).run()
    first = driver.main
    replay(driver, "b")
    assert driver.states == {"a": "SUCCESS", "b": "SUCCESS", "c": "SUCCESS"}
    assert driver.execution.original_id == first
    second = driver.main
    replay(driver)
    assert driver.execution.original_id == first
    assert driver.main not in {first, second}


def test_other_inputs_count():
    driver = Driver(flow(job("a", runIf="{{ inputs.go }}")), inputs={"go": "false"}).run()
    assert driver.states == {"a": "SKIPPED"}
    replay(driver, inputs={"go": "true"})
    assert driver.states == {"a": "SUCCESS"}


def test_a_killed_execution_can_be_replayed():
    driver = Driver(flow(task("sequential", "s", tasks=[job("a"), job("b")]), job("c")))
    driver.run_until(lambda: "b" in driver.starts)
    driver.kill()
    driver.run()
    replay(driver, "b")
    assert driver.execution.state is State.SUCCESS
    assert driver.starts == ["b", "c"]


def test_what_failed_beside_the_point_runs_again_too():
    both = task("parallel", "p", tasks=[job("a"), job("x")])
    driver = Driver(flow(both), table={"x": FAIL}).run()
    driver.table["x"] = OK
    replay(driver, "a")
    assert driver.execution.state is State.SUCCESS
    assert sorted(driver.starts) == ["a", "x"]
    assert len(driver.run_of("x").attempts) == 1


@pytest.mark.parametrize("key", ["e", "f", "z"])
def test_handlers_are_no_point_to_start_from(key):
    made = flow(
        job("x"), errors=[job("e")], **{"finally": [job("f")], "afterExecution": [job("z")]}
    )
    driver = Driver(made, table={"x": FAIL}).run()
    with pytest.raises(Conflict, match="starts from one of `tasks`"):
        replay(driver, key)


def other(driver: Driver, new: Flow) -> Driver:
    """Restarts by another revision."""
    old = driver.flows["main"]
    made = restarted(driver.execution, old, Version(new, 2, "new"), again(driver))
    assert check(made, new) == []
    driver.flows["main"] = new
    driver.starts.clear()
    driver.table = {}
    return driver.again(made)


@pytest.mark.parametrize(
    ("old", "new", "starts", "order"),
    [
        # The failed task is mended.
        ([job("a"), job("x"), job("c")], [job("a"), job("x"), job("c")], "x c", "a x c"),
        # It is gone, or has another name.
        ([job("a"), job("x"), job("c")], [job("a"), job("c")], "c", "a c"),
        ([job("a"), job("x")], [job("a"), job("y")], "y", "a y"),
        # A new task comes before it.
        ([job("a"), job("x")], [job("a"), job("n"), job("x")], "n x", "a n x"),
        # A task before it is gone, so the list differs from there.
        ([job("a"), job("x")], [job("x")], "x", "x"),
        # Within flowables.
        (
            [job("a"), task("sequential", "s", tasks=[job("b"), job("x")])],
            [job("a"), task("sequential", "s", tasks=[job("b"), job("n"), job("x")])],
            "n x",
            "a s b n x",
        ),
        (
            [job("a"), task("sequential", "s", tasks=[job("x")])],
            [job("a"), task("parallel", "s", tasks=[job("x")])],
            "x",
            "a s x",
        ),
        (
            [task("parallel", "p", tasks=[job("b"), job("x")])],
            [task("parallel", "p", tasks=[job("n"), job("b"), job("x")])],
            "n x",
            "p b x n",
        ),
    ],
)
def test_a_restart_by_another_revision_keeps_what_still_holds(old, new, starts, order):
    driver = Driver(flow(*old), table={"x": FAIL, "a": VALUE}).run()
    first = driver.main
    other(driver, flow(*new))
    assert driver.execution.state is State.SUCCESS
    assert sorted(driver.starts) == sorted(starts.split())
    assert driver.order == order.split()
    assert driver.execution.flow_revision == 2
    assert driver.execution.flow_hash == "new"
    assert driver.execution.original_id == first
    assert driver.execution.labels["system.restarted"] == "true"
    if "a" in driver.order:
        assert driver.run_of("a").outputs == {"value": "first"}


def test_nothing_failed_so_nothing_is_restarted():
    driver = Driver(flow(job("a"))).run()
    with pytest.raises(Conflict, match="No task found"):
        other(driver, flow(job("a")))
