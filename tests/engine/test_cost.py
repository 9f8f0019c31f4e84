"""A step costs what it changes: counted in executed lines, which no busy machine can blur."""

from __future__ import annotations

import sys
from types import FrameType

import pytest

from penstock.engine import advance, new_execution, task_variables
from penstock.engine.message import Begin, Finished, Message, Started
from penstock.engine.step import Step
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
    (first, *_) = step.jobs
    run_id, fence = first.task_run_id, first.fence
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
    assert costs[0] == costs[1]


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
