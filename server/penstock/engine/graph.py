"""The tasks of a flow as a tree, each with what became of it in an execution."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import reduce

from penstock.engine.plan import SIDE_LISTS
from penstock.engine.task_runs import worse
from penstock.model.execution import Execution, TaskRun
from penstock.model.flow import Flow
from penstock.model.state import State
from penstock.model.task import Task

_BESIDE = (*SIDE_LISTS, "on_pause")


@dataclass(frozen=True, slots=True)
class TaskNode:
    """A task: its state, how many task runs it has by state, and the lists of tasks in it.

    The state is that of its task run; of several, that of an open one or else the worst. It is
    SKIPPED when the task stands in a branch that was not taken, and None when it has not run.
    """

    task: Task
    state: State | None
    states: dict[State, int]
    lists: tuple[TaskList, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskList:
    """A list of tasks by its name in the text, such as ``then``, ``cases.a`` or ``finally``."""

    name: str
    tasks: tuple[TaskNode, ...]


def graph(flow: Flow, execution: Execution) -> tuple[TaskList, ...]:
    """The flow's lists of tasks; looks at each task run once."""
    runs: defaultdict[str, list[TaskRun]] = defaultdict(list)
    for run in execution.task_runs.values():
        runs[run.task_id].append(run)
    lists = (
        ("tasks", flow.tasks),
        ("errors", flow.errors),
        ("finally", flow.finally_),
        ("afterExecution", flow.after_execution),
    )
    return tuple(
        TaskList(name, tuple(_node(task, runs, is_out=False) for task in tasks))
        for name, tasks in lists
        if tasks
    )


def _node(task: Task, runs: defaultdict[str, list[TaskRun]], *, is_out: bool) -> TaskNode:
    own = runs[task.id]
    states = Counter(run.state for run in own)
    state = _state(own) if own else State.SKIPPED if is_out and not task.disabled else None
    lists = [(name, tasks) for name, tasks in task.lists() if tasks]
    return TaskNode(
        task,
        state,
        dict(states),
        tuple(
            TaskList(
                _written(name),
                tuple(
                    _node(child, runs, is_out=state is State.SKIPPED or _is_out(own, name))
                    for child in tasks
                ),
            )
            for name, tasks in lists
        ),
    )


def _state(runs: list[TaskRun]) -> State:
    is_open = next((run.state for run in runs if not run.state.is_terminated), None)
    return is_open or reduce(worse, (run.state for run in runs))


def _is_out(runs: list[TaskRun], name: str) -> bool:
    """Whether the task has decided, each time, for another list than this one."""
    chosen = [(run.progress or {}).get("children") for run in runs]
    return name not in _BESIDE and bool(chosen) and all(each not in (None, name) for each in chosen)


def _written(name: str) -> str:
    first, _, rest = name.partition(".")
    head, *words = first.rstrip("_").split("_")
    key = head + "".join(word.capitalize() for word in words)
    return f"{key}.{rest}" if rest else key
