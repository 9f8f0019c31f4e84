"""What must hold of a loop's iterations at every moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import cast

from penstock.engine.plan import Plan
from penstock.engine.task_runs import PASSES, has_yielded
from penstock.model.execution import TaskRun
from penstock.model.frozen import Json
from penstock.model.state import State


def of_iterations(
    plan: Plan, loop: TaskRun, group: list[TaskRun], *, was_left: bool
) -> Iterator[str]:
    """Each iteration gives its outputs once, at its end; a loop that ends well has had them all,
    unless another task ended the execution before (`was_left`).
    """
    memory = loop.progress or {}
    count = len(cast("list[Json]", memory["values"]))
    name = f"Loop `{loop.task_id}` (number {loop.number})"
    iterations: defaultdict[int, list[TaskRun]] = defaultdict(list)
    for run in group:
        if plan.nodes[run.task_id].is_main:
            iterations[cast("int", run.iteration)].append(run)
    yielded = [run for runs in iterations.values() for run in runs if has_yielded(run)]
    for number, runs in iterations.items():
        if not 0 <= number < count:
            yield f"{name} has an iteration {number}, but {count} values."
        ends = [run for run in runs if has_yielded(run)]
        if len(ends) > 1:
            yield f"Iteration {number} of {name} has given its outputs twice."
        for run in ends:
            if not run.state.is_terminated or run is not max(runs, key=lambda one: one.number):
                yield f"Iteration {number} of {name} gave its outputs before its end."
            if run.state in PASSES and plan.nodes[run.task_id].follower is not None:
                yield f"Iteration {number} of {name} ended before its last task."
    orders = [_order(run) for run in yielded]
    if len(set(orders)) != len(orders):
        yield f"{name} has two iterations that ended as the same one."
    if loop.state is State.SUCCESS and not was_left and not _is_set_by_hand(loop):
        expected = len(iterations) if "broken" in memory or not group else count
        has_tasks = bool(plan.list_of(plan.nodes[loop.task_id], "tasks"))
        if has_tasks and len(yielded) != expected:
            yield f"{name} is a SUCCESS with {len(yielded)} of {expected} iterations."


def gave_nothing(run: TaskRun) -> bool:
    """Whether the outputs of an iteration, or the end of the loop, could not be rendered."""
    return has_yielded(run) and "failure" in cast(
        "dict[str, Json]", (run.progress or {})["yielded"]
    )


def _order(run: TaskRun) -> int:
    return cast("int", cast("dict[str, Json]", (run.progress or {})["yielded"])["order"])


def _is_set_by_hand(run: TaskRun) -> bool:
    states = [change.state for change in run.history[-2:]]
    return states[0] is State.RESTARTED
