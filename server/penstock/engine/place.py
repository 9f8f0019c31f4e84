"""Where outputs are seen: everywhere, or only in the iteration of a loop that gave them."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.model.execution import TaskRun
from penstock.model.frozen import Json

Iteration = tuple[str, int]
"""The loop's task run and the number of the iteration."""


def is_loop(run: TaskRun) -> bool:
    """Whether a task run is that of a loop whose iterations have outputs of their own."""
    return run.progress is not None and "loop" in run.progress


def iteration_of(runs: Mapping[str, TaskRun], run: TaskRun) -> Iteration | None:
    """The nearest iteration of a loop in which a task run is."""
    while run.parent_id is not None:
        parent = runs[run.parent_id]
        if run.iteration is not None and is_loop(parent):
            return parent.id, run.iteration
        run = parent
    return None


def place_of(runs: Mapping[str, TaskRun], run: TaskRun) -> tuple[Iteration | None, tuple[str, ...]]:
    """In which iteration a task run's outputs are seen, and the keys under ``outputs`` there:
    the task's id, then the values of what holds it, outermost first.
    """
    keys: list[str] = []
    owner: Iteration | None = None
    each = run
    while True:
        parent = None if each.parent_id is None else runs[each.parent_id]
        if parent is not None and each.iteration is not None and is_loop(parent):
            owner = parent.id, each.iteration
            break
        if each.value is not None:
            keys.append(each.value)
        if parent is None:
            break
        each = parent
    keys.append(run.task_id)
    return owner, tuple(reversed(keys))


def seen(
    runs: Mapping[str, TaskRun],
    run: TaskRun | None,
    outputs: dict[str, Json],
    local: Mapping[Iteration, dict[str, Json]],
) -> dict[str, Json]:
    """The outputs that a task run sees: those of its iterations hide what has the same name."""
    trees: list[dict[str, Json]] = []
    while run is not None and (found := iteration_of(runs, run)) is not None:
        if found in local:
            trees.append(local[found])
        run = runs[found[0]]
    if not trees:
        return outputs
    merged = dict(outputs)
    for tree in reversed(trees):
        merged.update(tree)
    return merged
