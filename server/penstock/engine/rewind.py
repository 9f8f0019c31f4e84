"""Which task runs of an execution stay when it goes on from an earlier point."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from penstock.engine.evolve import evolve
from penstock.engine.plan import Node, Plan
from penstock.engine.task_runs import PASSES, STANDING, has_yielded, is_held
from penstock.model.execution import StateChange, TaskRun
from penstock.model.state import State
from penstock.sdk.flowable import FolderTask


class _Mark(Enum):
    KEPT = auto()
    REOPENED = auto()
    DROPPED = auto()


@dataclass(frozen=True, slots=True)
class Point:
    """From where an execution goes on.

    Without anything: from all that failed. `before` is a task run that is not to have happened,
    with all that came after it. `above` is one that stays as it is, while what holds it is
    opened again. `origin` is the plan of the flow that ran, when another revision goes on.
    """

    before: str | None = None
    above: str | None = None
    origin: Plan | None = None


def rewound(plan: Plan, runs: Mapping[str, TaskRun], now: datetime, point: Point) -> list[TaskRun]:
    """The task runs to go on with, in the order of their creation, counted anew.

    Those that must run again are RESTARTED under a higher fence, and so are the flowables that
    hold them. What shares a folder that is gone runs again from its first task. Task runs of
    `errors`, `finally` and `afterExecution` of what is opened again are gone. With another
    revision a list goes on where it first differs.
    """
    marks = _marks(plan, runs, point)
    if point.origin is not None:
        _close_gaps(plan, runs, marks)
    found: list[TaskRun] = []
    for run in runs.values():
        mark = marks[run.id]
        if mark is _Mark.DROPPED:
            continue
        kept = run
        if mark is _Mark.REOPENED:
            kept = _reopened(run, now, anew=_lost_folder(plan, run, point))
        if kept.progress is not None and "exit" in kept.progress:
            # What ended the execution then does not end it now.
            kept = evolve(kept, progress={"left": kept.progress["exit"]})
        if has_yielded(kept) and (mark is _Mark.REOPENED or _gives_anew(run, marks, point)):
            progress = {
                key: each for key, each in (kept.progress or {}).items() if key != "yielded"
            }
            kept = evolve(kept, progress=progress or None)
        found.append(kept if kept.number == len(found) else evolve(kept, number=len(found)))
    return found


def _gives_anew(run: TaskRun, marks: Mapping[str, _Mark], point: Point) -> bool:
    """Whether an iteration that has ended with a kept task run gives its outputs once more."""
    yielded = (run.progress or {})["yielded"]
    has_failed = isinstance(yielded, dict) and "failure" in yielded
    is_open = marks.get(run.parent_id or "") is _Mark.REOPENED
    return is_open and (has_failed or run.id == point.above)


def _marks(plan: Plan, runs: Mapping[str, TaskRun], point: Point) -> dict[str, _Mark]:
    lineage = _lineage(runs, point.before or point.above)
    marks: dict[str, _Mark] = {}
    for run in runs.values():
        marks[run.id] = _mark(plan, runs, run, marks=marks, lineage=lineage, point=point)
    return marks


def _lineage(runs: Mapping[str, TaskRun], run_id: str | None) -> dict[str | None, TaskRun]:
    """A task run and what holds it, by the id of the holder of each."""
    found: dict[str | None, TaskRun] = {}
    while run_id is not None:
        run = runs[run_id]
        found[run.parent_id] = run
        run_id = run.parent_id
    return found


def _mark(
    plan: Plan,
    runs: Mapping[str, TaskRun],
    run: TaskRun,
    *,
    marks: dict[str, _Mark],
    lineage: dict[str | None, TaskRun],
    point: Point,
) -> _Mark:
    node = plan.nodes.get(run.task_id)
    if node is None or not _is_same(node, runs, run, point):
        return _Mark.DROPPED
    if run.parent_id is not None and marks[run.parent_id] is not _Mark.REOPENED:
        return marks[run.parent_id]
    if run.parent_id is not None and _lost_folder(plan, runs[run.parent_id], point):
        return _Mark.DROPPED
    if run.id == point.above:
        return _Mark.KEPT
    if not node.is_main or run.id == point.before:
        return _Mark.DROPPED
    guide = lineage.get(run.parent_id)
    if guide is not None and guide.id == run.id:
        return _Mark.REOPENED
    if guide is not None and point.before and _is_after(plan, runs, run, guide):
        return _Mark.DROPPED
    if run.state in PASSES or point.above is not None:
        return _Mark.KEPT
    # A call that is PAUSED waits for its execution, which goes on by itself.
    stands = run.state in STANDING and not node.is_call
    works = not run.state.is_terminated and not stands and not is_held(run)
    return _Mark.KEPT if works and node.flowable is None else _Mark.REOPENED


def _lost_folder(plan: Plan, run: TaskRun, point: Point) -> bool:
    """Whether the children of a task run have worked in a folder that is no longer there.

    It goes with the end of the task run, and no other execution has it. What a child's state
    is set to by hand stays all the same.
    """
    is_gone = run.state.is_terminated or point.origin is not None
    is_shared = isinstance(plan.nodes[run.task_id].task, FolderTask)
    return is_shared and is_gone and point.above is None


def _is_same(node: Node, runs: Mapping[str, TaskRun], run: TaskRun, point: Point) -> bool:
    """Whether a task stands where it stood when it ran."""
    if point.origin is None:
        return True
    before = point.origin.nodes[run.task_id]
    holder = None if run.parent_id is None else runs[run.parent_id].task_id
    return (
        before.task.type == node.task.type
        and before.section == node.section
        and holder == (None if node.parent is None else node.parent.task.id)
    )


def _shape(runs: Mapping[str, TaskRun], parent_id: str | None) -> tuple[bool, bool]:
    """Whether the tasks in a flowable follow each other, and whether its groups have an order."""
    memory = (runs[parent_id].progress if parent_id is not None else None) or {}
    return bool(memory.get("chained", True)), bool(memory.get("limit", 1))


def position_of(plan: Plan, node: Node) -> int:
    """A task's place in its list."""
    return plan.list_of(node.parent, node.section).index(node)


def _is_after(plan: Plan, runs: Mapping[str, TaskRun], run: TaskRun, guide: TaskRun) -> bool:
    """Whether a task run comes after another one of the same flowable."""
    parent = plan.nodes[run.task_id].parent
    chained, ordered = _shape(runs, run.parent_id)
    if parent is not None and parent.needs is not None:
        # A graph with a limit has started its tasks in an order that its list does not tell.
        needed = guide.task_id in _needed(parent.needs, run.task_id)
        return needed or (ordered and run.number > guide.number)
    iteration, other = run.iteration or 0, guide.iteration or 0
    if iteration != other:
        return ordered and iteration > other
    later = position_of(plan, plan.nodes[run.task_id]) > position_of(
        plan, plan.nodes[guide.task_id]
    )
    return later and (chained or ordered)


def _needed(needs: Mapping[str, frozenset[str]], task_id: str) -> set[str]:
    """All that a task of a graph waits for, directly or through others."""
    found: set[str] = set()
    todo = [task_id]
    while todo:
        new = needs.get(todo.pop(), frozenset()) - found
        found |= new
        todo.extend(new)
    return found


def _close_gaps(plan: Plan, runs: Mapping[str, TaskRun], marks: dict[str, _Mark]) -> None:
    """Drops what followed a task of an opened list that the new revision has put before it."""
    groups: defaultdict[tuple[str | None, int], dict[int, TaskRun]] = defaultdict(dict)
    for run in runs.values():
        is_open = run.parent_id is None or marks[run.parent_id] is _Mark.REOPENED
        if is_open and marks[run.id] is not _Mark.DROPPED and _shape(runs, run.parent_id)[0]:
            place = position_of(plan, plan.nodes[run.task_id])
            groups[run.parent_id, run.iteration or 0][place] = run
    for group in groups.values():
        sound = 0
        while sound in group and group[sound].state in PASSES:
            sound += 1
        for place, run in group.items():
            if place > sound:
                marks[run.id] = _Mark.DROPPED
    _close_graphs(plan, runs, marks)
    for run in runs.values():
        if run.parent_id is not None and marks[run.parent_id] is _Mark.DROPPED:
            marks[run.id] = _Mark.DROPPED


def _close_graphs(plan: Plan, runs: Mapping[str, TaskRun], marks: dict[str, _Mark]) -> None:
    """Drops what in an opened graph waits, by the new revision, for something that is missing."""
    sound: set[tuple[str | None, str]] = set()
    for run in runs.values():
        parent = plan.nodes[run.task_id].parent if run.task_id in plan.nodes else None
        if marks[run.id] is _Mark.DROPPED or parent is None or parent.needs is None:
            continue
        wanted = parent.needs.get(run.task_id, frozenset())
        if any((run.parent_id, name) not in sound for name in wanted):
            if run.parent_id is not None and marks[run.parent_id] is _Mark.REOPENED:
                marks[run.id] = _Mark.DROPPED
        elif run.state in PASSES:
            sound.add((run.parent_id, run.task_id))


def _reopened(run: TaskRun, now: datetime, *, anew: bool) -> TaskRun:
    moment = max(now, run.history[-1].at)
    memory = run.progress or {}
    # A pause that did not end well begins anew.
    is_over = "then" not in memory or memory.get("paused") in PASSES
    is_flowable = "children" in memory and is_over and not anew
    return evolve(
        run,
        state=State.RESTARTED,
        history=(*run.history, StateChange(State.RESTARTED, moment)),
        fence=run.fence + 1,
        outputs=run.outputs if is_flowable else None,
        progress=run.progress if is_flowable else None,
        failure=None,
        retry_at=None,
        ended_at=None,
    )


def copied(
    runs: Iterable[TaskRun], new_ids: Iterable[str], *, forget_attempts: bool = False
) -> dict[str, TaskRun]:
    """The same task runs with ids of their own, for another execution."""
    names: dict[str, str] = {}
    found: dict[str, TaskRun] = {}
    for run, new_id in zip(runs, new_ids, strict=False):
        names[run.id] = new_id
        again = run.state is State.RESTARTED
        found[new_id] = evolve(
            run,
            id=new_id,
            parent_id=None if run.parent_id is None else names[run.parent_id],
            fence=0,
            attempts=() if again and forget_attempts else run.attempts,
            child_execution_id=None if again else run.child_execution_id,
        )
    return found
