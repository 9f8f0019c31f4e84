"""Graphs of tasks, random ones too."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.engine.message import Begin
from penstock.engine.operation import Restart
from penstock.engine.task_runs import PASSES

from .driver import FAIL, OK, Driver, Outcome, flow, job, task


def graph(needs: dict[str, list[str]], **properties: object):
    entries = [{"task": job(name), "dependsOn": on} for name, on in needs.items()]
    return task("dag", "graph", tasks=entries, **properties)


def test_a_task_starts_when_all_that_it_needs_has_ended():
    needs = {"d": ["b", "c"], "a": [], "b": ["a"], "c": ["a"], "e": []}
    table = {"b": Outcome(seconds=5), "e": Outcome(seconds=60)}
    driver = Driver(flow(graph(needs)), table=table).run()
    assert driver.starts == ["a", "e", "b", "c", "d"]
    b, d = driver.run_of("b"), driver.run_of("d")
    assert b.ended_at == d.history[0].at
    assert driver.execution.state == "SUCCESS"


def test_the_limit_holds():
    driver = Driver(flow(graph({"a": [], "b": [], "c": [], "d": ["a"]}, concurrent=2)))
    most = 0
    while driver.queue:
        driver.tick()
        most = max(most, list(driver.states.values()).count("RUNNING") - 1)
    assert most == 2
    assert set(driver.states.values()) == {"SUCCESS"}


def test_a_restart_goes_on_with_the_failed_task_and_what_needs_it():
    needs = {"a": [], "b": ["a"], "c": ["b"], "d": ["a"]}
    driver = Driver(flow(graph(needs)), table={"b": [FAIL, OK], "d": Outcome(seconds=9)}).run()
    assert driver.states == {"graph": "FAILED", "a": "SUCCESS", "b": "FAILED", "d": "SUCCESS"}
    driver.send(Restart())
    driver.send(Begin())
    driver.run()
    assert driver.states["c"] == "SUCCESS"
    assert driver.starts.count("a") == driver.starts.count("d") == 1


@pytest.mark.parametrize(
    ("needs", "sentence"),
    [
        ({"a": ["b"], "b": ["a"], "c": ["a"]}, "Cyclic dependency detected: a, b"),
        ({"a": ["a"]}, "Cyclic dependency detected: a"),
        ({"a": ["x"]}, "Not existing task id in dependency: x"),
        ({}, "No task defined"),
    ],
)
def test_what_is_no_graph_is_refused(needs: dict[str, list[str]], sentence: str):
    with pytest.raises(ValueError, match=sentence):
        graph(needs)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(seed=st.integers(0, 2**32))
def test_B08_in_a_random_graph_no_task_starts_whose_ancestor_failed(seed: int):
    """For every graph, every failure and every speed."""
    chance = random.Random(seed)
    names = [f"t{number}" for number in range(chance.randint(2, 14))]
    needs = {
        name: chance.sample(names[:at], chance.randint(0, min(at, 3)))
        for at, name in enumerate(names)
    }
    shuffled = dict(chance.sample(list(needs.items()), len(names)))
    table = {
        name: Outcome(
            FAIL.state if chance.random() < 0.2 else OK.state,
            failure="It broke.",
            seconds=chance.randint(0, 5),
        )
        for name in names
    }
    driver = Driver(flow(graph(shuffled, concurrent=chance.randint(0, 3))), table=table).run()

    def ancestors(name: str) -> set[str]:
        return set(needs[name]).union(*(ancestors(other) for other in needs[name]))

    for name in driver.starts:
        for other in ancestors(name):
            run = driver.run_of(other)
            assert run.state in PASSES
            assert run.ended_at <= driver.run_of(name).history[0].at
    if not any(table[name].state is FAIL.state for name in driver.starts):
        assert sorted(driver.starts) == sorted(names)
