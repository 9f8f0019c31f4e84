"""Loops whose iterations have outputs of their own."""

from __future__ import annotations

import json

from penstock.engine.message import Begin
from penstock.engine.operation import Restart, SetTaskRunState
from penstock.engine.replay import Again, Version, replayed
from penstock.model.state import State

from .driver import FAIL, OK, Driver, Outcome, flow, job, task

N = [{"id": "n", "value": "{{ item.value }}"}]


def loop(*tasks, name="each", **properties):
    return task("loop", name, tasks=list(tasks), **{"concurrencyLimit": 1, **properties})


def given(driver: Driver, key: str = "each") -> list[object]:
    outputs = driver.run_of(key).outputs or {}
    found = outputs["outputs"]
    assert isinstance(found, list)
    return [each["outputs"].get("n") for each in found if isinstance(each, dict)]


def test_the_limit_holds():
    driver = Driver(flow(loop(job("a"), values=list("wxyz"), concurrencyLimit=2)))
    most = 0
    while driver.queue:
        driver.tick()
        most = max(most, list(driver.states.values()).count("RUNNING") - 1)
    assert most == 2


def test_outputs_are_in_the_order_of_the_ends():
    slow = job("slow", runIf="{{ item.value == 'slow' }}")
    tasks = loop(slow, values=["slow", "quick"], concurrencyLimit=0, outputs=N)
    driver = Driver(flow(tasks), table={"slow": Outcome(seconds=9)}).run()
    assert given(driver) == ["quick", "slow"]


def test_a_restart_runs_the_iteration_that_failed_and_keeps_the_others():
    bad = job("bad", runIf="{{ item.value == 'y' }}")
    tasks = loop(job("a"), bad, values=["x", "y", "z"], outputs=N)
    driver = Driver(flow(tasks), table={"bad": [FAIL, OK]}).run()
    assert driver.execution.state == "FAILED"
    assert given(driver) == ["x", None]
    driver.send(Restart())
    driver.send(Begin())
    driver.run()
    assert driver.execution.state == "SUCCESS"
    assert given(driver) == ["x", "y", "z"]
    assert driver.starts == ["a", "a", "bad", "bad", "a"]


def test_a_failed_iteration_that_is_set_to_success_gives_its_outputs():
    bad = job("bad", runIf="{{ item.value == 'x' }}")
    driver = Driver(flow(loop(bad, values=["x", "y"], outputs=N)), table={"bad": FAIL}).run()
    driver.send(SetTaskRunState(driver.run_of("bad[x]").id, State.SUCCESS))
    driver.send(Begin())
    driver.run()
    assert driver.execution.state == "SUCCESS"
    assert given(driver) == ["x", "y"]


def test_a_replay_from_an_iteration_gives_the_earlier_ones_as_they_were():
    main = flow(loop(job("a"), values=["x", "y", "z"], outputs=N))
    driver = Driver(main).run()
    again = replayed(
        driver.execution,
        main,
        Version(main, 1, "hash"),
        Again("again", driver.now, None, driver.ports.new_id),
        task_run_id=driver.run_of("a[y]").id,
    )
    driver.again(again).run()
    assert driver.execution.state == "SUCCESS"
    assert driver.starts[3:] == ["a", "a"]
    assert given(driver) == ["x", "y", "z"]


def test_a_kill_ends_all_iterations():
    driver = Driver(flow(loop(job("a"), values=["x", "y"], concurrencyLimit=0)))
    driver.run_until(lambda: "RUNNING" in list(driver.states.values())[1:])
    driver.kill()
    driver.run()
    assert set(driver.states.values()) == {"KILLED"}


def test_what_is_stored_is_a_line_for_each_iteration():
    driver = Driver(flow(loop(job("a"), values={"k": 1}, outputs=N, fetchType="STORE"))).run()
    uri = (driver.run_of("each").outputs or {})["uri"]
    lines = driver.ports.files[str(uri)].splitlines()
    assert [json.loads(line) for line in lines] == [
        {"item": {"value": "1", "iteration": 0, "key": "k"}, "outputs": {"n": "1"}}
    ]
