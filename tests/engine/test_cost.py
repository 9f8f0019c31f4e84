"""A step costs what it changes: counted in executed lines, which no busy machine can blur."""

from __future__ import annotations

import sys
import tracemalloc
from collections import deque
from types import FrameType

import pytest

from penstock.engine import advance, new_execution, task_variables
from penstock.engine.message import Begin, Finished, Message, Started
from penstock.engine.step import Job, Step
from penstock.model.execution import Execution
from penstock.model.flow import Flow
from penstock.model.state import State

from .driver import START, PlainPorts, flow, job, task


def lines(act, *arguments) -> int:
    """How many lines of Python run."""
    count = 0

    def trace(frame: FrameType, event: str, arg: object):
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act(*arguments)
    finally:
        sys.settrace(before)
    return count


def send(main: Flow, execution: Execution, *messages: Message) -> Step:
    return advance(main, execution, messages, START, PORTS)


PORTS = PlainPorts()


def loop(count: int, limit: int) -> tuple[Flow, Step]:
    tree = task(
        "each", "l", values=list(range(count)), concurrencyLimit=limit, tasks=[job("x"), job("y")]
    )
    main = flow(tree)
    execution = new_execution(main, id="e", tenant="t", revision=1, content_hash="h", now=START)
    return main, send(main, execution, Begin())


def messages(step: Step, outputs: dict[str, int]) -> list[Message]:
    return ended(step.jobs[0], outputs)


def ended(each: Job, outputs: dict[str, int]) -> list[Message]:
    run_id, fence = each.task_run_id, each.fence
    return [
        Started(run_id, fence, START, "w"),
        Finished(run_id, fence, State.SUCCESS, START, START, "w", dict(outputs)),
    ]


@pytest.mark.parametrize("limit", [50, 0])
@pytest.mark.parametrize("outputs", [{}, {"n": 1}])
def test_a_step_does_not_look_at_all_task_runs(limit, outputs):
    costs = []
    for count in (100, 2000):
        main, step = loop(count, limit)
        started, finished = messages(step, outputs)
        costs.append(
            lines(send, main, step.execution, started)
            + lines(send, main, send(main, step.execution, started).execution, finished)
        )
    # Now and then the changes of many steps are folded into one layer.
    assert costs[0] == pytest.approx(costs[1], rel=0.02)


def bytes_of_each(count: int) -> float:
    """The memory that a step of a loop takes for itself, at the mean of all steps of the loop.

    A copy of a map is one line however large the map is; its size is seen here.
    """
    main, step = loop(count, 50)
    jobs, total = deque(step.jobs), 0
    tracemalloc.start()
    try:
        while jobs:
            each = jobs.popleft()
            before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            step = send(main, step.execution, *ended(each, {"n": 1}))
            total += tracemalloc.get_traced_memory()[1] - before
            jobs.extend(step.jobs)
    finally:
        tracemalloc.stop()
    assert step.execution.state is State.SUCCESS
    assert len(step.execution.task_runs) == 2 * count + 1
    return total / count


def test_a_whole_loop_copies_in_proportion_to_its_items():
    assert bytes_of_each(3000) < 2 * bytes_of_each(300)


def test_the_first_step_grows_with_what_it_starts():
    def cost(count: int, limit: int) -> int:
        return lines(loop, count, limit)

    one, two, four = (cost(n, 0) for n in (500, 1000, 2000))
    assert (four - two) / (two - one) == pytest.approx(2, rel=0.01)


def test_variables_cost_nothing_until_they_are_asked():
    costs = []
    for count in (100, 2000):
        main, step = loop(count, 0)
        run = list(step.execution.task_runs.values())[-1]
        costs.append(lines(task_variables, main, step.execution, run))
    assert costs[0] == costs[1]


def test_a_small_flow_stays_cheap():
    main = flow(job("a"), job("b"))
    execution = new_execution(main, id="e", tenant="t", revision=1, content_hash="h", now=START)
    step = send(main, execution, Begin())
    started, finished = messages(step, {"n": 1})
    assert lines(send, main, step.execution, started, finished) < 800


def test_an_earlier_execution_is_not_changed_by_later_steps():
    main, step = loop(200, 70)
    jobs, kept = deque(step.jobs), []
    while jobs:
        if len(jobs) % 20 == 0 or len(step.execution.task_runs) % 20 == 0:
            kept.append((step.execution, seen(step.execution, main)))
        step = send(main, step.execution, *ended(jobs.popleft(), {"n": 1}))
        jobs.extend(step.jobs)
    assert all(seen(execution, main) == then for execution, then in kept)


def seen(execution: Execution, main: Flow) -> tuple[object, str]:
    """Task runs and outputs as they are at this moment."""
    outputs = task_variables(main, execution, None)["outputs"]
    return dict(execution.task_runs), str(
        {key: dict(value) if key in {"x", "y"} else value for key, value in outputs.items()}
    )
