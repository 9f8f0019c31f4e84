"""The checker finds each kind of unsoundness when it is put in by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from penstock.engine import check
from penstock.model.execution import Attempt, Execution, StateChange, TaskRun
from penstock.model.flow import Flow
from penstock.model.state import State

from .driver import FAIL, START, Driver, Outcome, flow, job, task

LATER = START + timedelta(days=1)


def running() -> tuple[Execution, Flow]:
    tree = task("parallel", "p", concurrent=1, tasks=[job("x"), job("y")])
    main = flow(job("a"), tree, job("b"), errors=[job("e")], finally_=[job("f")])
    driver = Driver(main, table={"x": Outcome(seconds=50)})
    driver.run_until(lambda: driver.states.get("x") == "RUNNING")
    return driver.execution, main


def ended(state: str = "SUCCESS") -> tuple[Execution, Flow]:
    table = {"b": FAIL} if state == "FAILED" else {}
    driver = Driver(flow(job("a"), job("b"), after_execution=[job("z")]), table=table).run()
    return driver.execution, driver.flows["main"]


def edit(execution: Execution, task_id: str, **changes: object) -> Execution:
    runs = dict(execution.task_runs)
    run = next(each for each in runs.values() if each.task_id == task_id)
    runs[run.id] = replace(run, **changes)
    return replace(execution, task_runs=runs)


def add(execution: Execution, task_id: str, **fields: object) -> Execution:
    runs = dict(execution.task_runs)
    at = fields.pop("at", LATER)
    state = fields.pop("state", State.CREATED)
    new = TaskRun("new", task_id, len(runs), state, (StateChange(state, at),), **fields)
    return replace(execution, task_runs={**runs, "new": new})


def drop(execution: Execution, *task_ids: str) -> Execution:
    kept = [run for run in execution.task_runs.values() if run.task_id not in task_ids]
    runs = {run.id: replace(run, number=n) for n, run in enumerate(kept)}
    return replace(execution, task_runs=runs)


def state(execution: Execution, to: State, at=LATER, **changes: object) -> Execution:
    history = (*execution.history, StateChange(to, at))
    return replace(execution, state=to, history=history, **changes)


def test_sound_ones_have_no_findings():
    for execution, main in (running(), ended(), ended("FAILED")):
        assert check(execution, main) == []


def parent(execution: Execution) -> str:
    return next(run.id for run in execution.task_runs.values() if run.task_id == "p")


BROKEN_RUNNING: dict[str, Callable[[Execution], Execution]] = {
    "entered a state that it was in": lambda e: state(e, State.RUNNING),
    "although it was being killed": lambda e: edit(
        e, "x", history=(StateChange(State.KILLING, START), StateChange(State.RUNNING, START))
    ),
    "waits for nothing": lambda e: drop(e, "x", "p"),
    "is open but nothing in it is": lambda e: drop(e, "x"),
    "some of its tasks are open": lambda e: state(e, State.SUCCESS, ended_at=LATER),
    "its tasks are retrying": lambda e: state(e, State.RETRYING),
    "may still begin although": lambda e: state(e, State.KILLING),
    "although the task before it did not end well": lambda e: add(e, "b", fence=1),
    "handles an error that did not happen": lambda e: add(e, "e", fence=1),
    "began before the tasks had ended": lambda e: add(e, "f", fence=1),
    "children are open where 1 may be": lambda e: add(e, "y", fence=1, parent_id=parent(e)),
    "runs twice in one place": lambda e: add(e, "a", fence=1),
    "has a parent that does not exist": lambda e: edit(e, "x", parent_id="gone"),
    "is not in the flow": lambda e: add(e, "stranger"),
    "is not in the order of creation": lambda e: edit(e, "x", number=9),
    "not the last state of its history": lambda e: edit(e, "x", state=State.CREATED),
    "runs backwards": lambda e: edit(
        e, "x", history=(StateChange(State.CREATED, LATER), StateChange(State.RUNNING, START))
    ),
    "changed after its end": lambda e: edit(
        e, "x", history=(StateChange(State.SUCCESS, START), StateChange(State.RUNNING, LATER))
    ),
    "but its end is": lambda e: edit(e, "x", ended_at=LATER),
    "ended before it started": lambda e: edit(e, "a", started_at=LATER),
    "as the time of its next attempt": lambda e: edit(e, "x", retry_at=LATER),
    "waits for nobody": lambda e: edit(e, "x", fence=0),
    "an attempt that never ends": lambda e: edit(
        e, "a", attempts=(Attempt(1, State.RUNNING, START),)
    ),
    "numbers are out of order": lambda e: edit(
        e, "a", attempts=(Attempt(2, State.SUCCESS, START, START),)
    ),
    "has children but holds no tasks": lambda e: edit(e, "x", parent_id=next(iter(e.task_runs))),
    "is CREATED but has task runs": lambda e: replace(
        e, state=State.CREATED, history=e.history[:1]
    ),
}


@pytest.mark.parametrize("sentence", BROKEN_RUNNING)
def test_a_broken_running_execution(sentence):
    execution, main = running()
    found = check(BROKEN_RUNNING[sentence](execution), main)
    assert any(sentence in each for each in found), found


BROKEN_ENDED: dict[str, Callable[[Execution], Execution]] = {
    "failed without a reason": lambda e: replace(e, failure=None),
    "`b` (number 1, FAILED) failed without a reason": lambda e: edit(e, "b", failure=None),
    "SUCCESS although a task in it failed": lambda e: replace(
        e, state=State.SUCCESS, history=(*e.history[:-1], StateChange(State.SUCCESS, LATER))
    ),
    "FAILED although a task in it was killed": lambda e: edit(
        e, "b", state=State.KILLED, history=(StateChange(State.KILLED, START),)
    ),
    "began after the kill": lambda e: edit(
        replace(
            e,
            history=(
                StateChange(State.CREATED, START - timedelta(days=2)),
                StateChange(State.KILLING, START - timedelta(days=1)),
                e.history[-1],
            ),
        ),
        "b",
    ),
}


@pytest.mark.parametrize("sentence", BROKEN_ENDED)
def test_a_broken_ended_execution(sentence):
    execution, main = ended("FAILED")
    found = check(BROKEN_ENDED[sentence](execution), main)
    assert any(sentence in each for each in found), found


def test_after_execution_before_the_end():
    execution, main = ended()
    early = replace(execution, state=State.RUNNING, ended_at=None, history=execution.history[:-1])
    assert any("began before the execution had ended" in each for each in check(early, main))


def test_a_parent_that_ended_before_its_child():
    execution, main = running()
    broken = edit(
        execution,
        "p",
        state=State.SUCCESS,
        ended_at=LATER,
        history=(StateChange(State.SUCCESS, LATER),),
    )
    assert any("has ended before" in each for each in check(broken, main))


def left() -> tuple[Execution, Flow]:
    inner = task("sequential", "in", tasks=[task("exit", "out", state="CANCELLED")])
    main = flow(job("a"), inner, job("b"), after_execution=[job("z")])
    return Driver(main).run().execution, main


BROKEN_LEFT: dict[str, Callable[[Execution], Execution]] = {
    "ended it in another state": lambda e: edit(e, "in", state=State.SUCCESS),
    "The execution is SUCCESS although Task run `out`": lambda e: state(e, State.SUCCESS),
    "had ended the execution": lambda e: add(e, "b", fence=1),
}


@pytest.mark.parametrize("sentence", BROKEN_LEFT)
def test_a_broken_execution_that_a_task_has_ended(sentence):
    execution, main = left()
    assert check(execution, main) == []
    found = check(BROKEN_LEFT[sentence](execution), main)
    assert any(sentence in each for each in found), found
