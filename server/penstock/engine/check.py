"""What must hold of every execution at every moment, as a function that finds what does not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import cast

from penstock.engine.check_iterations import gave_nothing, of_iterations
from penstock.engine.check_values import of_values
from penstock.engine.place import is_loop
from penstock.engine.plan import Node, Plan, plan_of
from penstock.engine.task_runs import PASSES, STANDING, exit_of, is_held, left_at, worse
from penstock.model.execution import Execution, StateChange, TaskRun
from penstock.model.flow import Flow
from penstock.model.state import State

_Children = dict[str | None, list[TaskRun]]


def check(execution: Execution, flow: Flow) -> list[str]:
    """Sentences about what is wrong with an execution; none when it is sound.

    Every open execution waits for something that has an owner: a worker's lease, a timer or a
    child execution. A killed one starts nothing. Nothing starts before what it needs has
    ended well. Ended things stay ended, and their times are in order. Looks at each task run.
    """
    plan = plan_of(flow)
    runs = execution.task_runs
    unknown = [run.task_id for run in runs.values() if run.task_id not in plan.nodes]
    if unknown:
        return [f"Task `{task_id}` has a task run but is not in the flow." for task_id in unknown]
    children: _Children = defaultdict(list)
    for run in runs.values():
        children[run.parent_id].append(run)
    left = exit_of(runs)
    leavers = _lineage(execution, left)
    excused = _excused(execution)
    found = [*_of_execution(execution, plan, left), *_of_exit(execution, plan, leavers)]
    found.extend(of_values(execution, flow))
    for number, (key, run) in enumerate(runs.items()):
        if key != run.id or run.number != number:
            found.append(f"{_name(run)} is not in the order of creation.")
        below = [] if run.id in leavers else children.get(run.id, [])
        found.extend(_of_run(run, plan.nodes[run.task_id], below))
    for parent_id, group in children.items():
        parent = None if parent_id is None else runs.get(parent_id)
        if parent_id is not None and parent is None:
            found.append(f"{_name(group[0])} has a parent that does not exist.")
            continue
        found.extend(_of_children(execution, plan, parent, group))
        if parent is not None and is_loop(parent):
            was_left = left is not None or parent_id in excused
            found.extend(of_iterations(plan, parent, group, was_left=was_left))
        if parent_id in excused:
            continue
        if left is None or (parent_id is not None and parent_id not in leavers):
            found.extend(_outcome(execution, parent, plan, _ended(plan, group)))
    return found


def _ended(plan: Plan, group: list[TaskRun]) -> list[TaskRun]:
    return [run for run in group if plan.nodes[run.task_id].is_main and run.state.is_terminated]


def _lineage(execution: Execution, run: TaskRun | None) -> dict[str, TaskRun]:
    """A task run and those that hold it."""
    found: dict[str, TaskRun] = {}
    while run is not None:
        found[run.id] = run
        run = execution.task_runs.get(run.parent_id or "")
    return found


def _excused(execution: Execution) -> set[str]:
    """What a task had ended that ended the execution, before somebody let it go on."""
    found: set[str] = set()
    for run in execution.task_runs.values():
        if run.progress is not None and "left" in run.progress:
            found.update(_lineage(execution, run))
    return found


def _of_exit(execution: Execution, plan: Plan, leavers: dict[str, TaskRun]) -> Iterator[str]:
    """A task that ends the execution decides its state, and nothing else starts."""
    left = next(iter(leavers.values()), None)
    if left is None:
        return
    for run in leavers.values():
        if run.state is not left.state:
            yield f"{_name(run)} holds {_name(left)}, which ended it in another state."
    if execution.state is not left.state and not _is_set_by_hand(execution):
        yield f"The execution is {execution.state.value} although {_name(left)} ended it."
    for run in execution.task_runs.values():
        if run.number >= left_at(left) and not _is_after(run, execution, plan):
            yield f"{_name(run)} began after {_name(left)} had ended the execution."


def _name(run: TaskRun) -> str:
    value = "" if run.value is None else f" [{run.value}]"
    return f"Task run `{run.task_id}`{value} (number {run.number}, {run.state.value})"


def _of_execution(execution: Execution, plan: Plan, left: TaskRun | None) -> Iterator[str]:
    runs = execution.task_runs.values()
    nodes = plan.nodes
    open_runs = [run for run in runs if not run.state.is_terminated]
    paused = [run for run in open_runs if run.state in STANDING]
    leaves = [
        run
        for run in open_runs
        if nodes[run.task_id].flowable is None and run.state not in STANDING
    ]
    state = execution.state
    yield from _times("The execution", execution)
    if any(one.state is two.state for one, two in pairwise(execution.history)):
        yield "The execution entered a state that it was in."
    if state in {State.RUNNING, State.RETRYING, State.KILLING} and not leaves:
        yield f"The execution is {state.value} but waits for nothing."
    if state is State.PAUSED and execution.paused_by is None and (leaves or not paused):
        yield "The execution is PAUSED, but nobody paused it and not all it waits for is paused."
    halted = [run for run in paused if run.state is State.BREAKPOINT]
    if state is State.BREAKPOINT and (leaves or not halted):
        yield "The execution is at a BREAKPOINT, but not all it waits for stands at one."
    if execution.paused_by is not None and state is not State.PAUSED:
        yield f"The execution is {state.value} although somebody paused it."
    if execution.paused_by is None and any(is_held(run) for run in open_runs):
        yield "A task run is held back although nobody paused the execution."
    if state.is_terminated and any(
        not _is_after(run, execution, plan)
        for run in open_runs
        if left is None or run.number >= left_at(left)
    ):
        yield f"The execution is {state.value} but some of its tasks are open."
    waits = state in {State.CREATED, State.QUEUED, State.RESTARTED}
    if waits and any(
        run.state is not State.RESTARTED
        # What worked beside a pause when somebody restarted goes on working.
        and not (state is State.RESTARTED and _works(run, nodes[run.task_id]))
        for run in open_runs
    ):
        yield f"The execution is {state.value} but has task runs that go on."
    if not waits and any(run.state is State.RESTARTED for run in open_runs):
        yield f"The execution is {state.value} but has task runs that should go on."
    retrying = any(run.state is State.RETRYING for run in runs)
    ends = state.is_terminated or state in {State.PAUSED, State.RESTARTED}
    if not ends and (state is State.RETRYING) != retrying:
        yield f"The execution is {state.value}, and its tasks are retrying: {retrying}."
    if state is State.FAILED and execution.failure is None:
        yield "The execution failed without a reason."
    killing = next((each.at for each in execution.history if each.state is State.KILLING), None)
    if killing is None:
        return
    for run in runs:
        if run.history[0].at > killing and not _is_after(run, execution, plan):
            yield f"{_name(run)} began after the kill."
    if state is State.KILLING:
        for run in open_runs:
            if run.state is not State.KILLING:
                yield f"{_name(run)} may still begin although the execution is being killed."


def _works(run: TaskRun, node: Node) -> bool:
    """Whether a worker or another execution is at it."""
    return node.is_call or (
        node.flowable is None and run.state not in STANDING and not is_held(run)
    )


def _is_after(run: TaskRun, execution: Execution, plan: Plan) -> bool:
    while run.parent_id is not None:
        run = execution.task_runs[run.parent_id]
    return plan.nodes[run.task_id].section == "after_execution"


def _times(name: str, thing: Execution | TaskRun) -> Iterator[str]:
    if not thing.history or thing.history[-1].state is not thing.state:
        yield f"{name} is {thing.state.value}, which is not the last state of its history."
    moments = [change.at for change in thing.history]
    if moments != sorted(moments):
        yield f"{name} has a history that runs backwards."
    if any(
        one.state.is_terminated and two.state is not State.RESTARTED
        for one, two in pairwise(thing.history)
    ):
        yield f"{name} changed after its end."
    killing = any(change.state is State.KILLING for change in _since_restart(thing))
    if killing and thing.state not in {State.KILLING, State.KILLED}:
        yield f"{name} is {thing.state.value} although it was being killed."
    if (thing.ended_at is not None) != thing.state.is_terminated:
        yield f"{name} is {thing.state.value} but its end is {thing.ended_at}."
    if thing.started_at and thing.ended_at and thing.started_at > thing.ended_at:
        yield f"{name} ended before it started."


def _since_restart(thing: Execution | TaskRun) -> list[StateChange]:
    """The history of the present round."""
    found: list[StateChange] = []
    for change in thing.history:
        found = [] if change.state is State.RESTARTED else [*found, change]
    return found


def _is_set_by_hand(thing: Execution | TaskRun) -> bool:
    """Whether somebody gave it its final state."""
    states = [change.state for change in thing.history[-2:]]
    return states[0] is State.RESTARTED and states[-1].is_terminated


def _of_run(run: TaskRun, node: Node, below: list[TaskRun]) -> Iterator[str]:
    name = _name(run)
    yield from _times(name, run)
    if run.state is State.FAILED and run.failure is None:
        yield f"{name} failed without a reason."
    if (run.state is State.RETRYING) != (run.retry_at is not None):
        yield f"{name} has {run.retry_at} as the time of its next attempt."
    open_attempts = [each for each in run.attempts if each.ended_at is None]
    if open_attempts and (run.state.is_terminated or open_attempts != [run.attempts[-1]]):
        yield f"{name} has an attempt that never ends."
    if [each.number for each in run.attempts] != list(range(1, len(run.attempts) + 1)):
        yield f"{name} has attempts whose numbers are out of order."
    if node.flowable is None:
        if below:
            yield f"{name} has children but holds no tasks."
        if run.state in {State.RUNNING, State.CREATED} and run.fence < 1 and not is_held(run):
            yield f"{name} waits for nobody."
        return
    open_children = [child for child in below if not child.state.is_terminated]
    if run.state.is_terminated and open_children:
        yield f"{name} has ended before {_name(open_children[0])}."
    waits = run.state in {*STANDING, State.RESTARTED} or is_held(run)
    if not run.state.is_terminated and not open_children and not waits:
        yield f"{name} is open but nothing in it is."


def _of_children(
    execution: Execution, plan: Plan, parent: TaskRun | None, group: list[TaskRun]
) -> Iterator[str]:
    """Order, limits and side lists within one flowable, or at the top."""
    memory = (parent.progress if parent else None) or {"chained": True, "limit": 1}
    places: dict[tuple[str, int | None, str], TaskRun] = {}
    main: list[TaskRun] = []
    for run in group:
        node = plan.nodes[run.task_id]
        place = (node.section, run.iteration, run.task_id)
        if place in places:
            yield f"{_name(run)} runs twice in one place."
        places[place] = run
        if node.is_main:
            main.append(run)
    ended = [run for run in main if run.state.is_terminated]
    failed = any(run.state is State.FAILED for run in ended)
    failed = failed or memory.get("paused") == State.FAILED.value
    failed = failed or any(map(gave_nothing, ended))
    for (section, iteration, _), run in places.items():
        node = plan.nodes[run.task_id]
        # What was copied from an earlier execution may have run by another revision.
        is_copy = run.history[0].at < execution.created_at
        if not is_copy and (not node.is_main or memory["chained"]):
            yield from _predecessor(plan, places, run, section, iteration)
        if node.is_main and node.parent is not None and node.parent.needs is not None:
            yield from _needed(node.parent.needs[run.task_id], places, run, section)
        if section == "errors" and not failed:
            yield f"{_name(run)} handles an error that did not happen."
        if section == "finally_" and len(ended) < len(main):
            yield f"{_name(run)} began before the tasks had ended."
        if section == "after_execution" and not execution.state.is_terminated:
            yield f"{_name(run)} began before the execution had ended."
    limit = cast("int", memory["limit"])
    if limit and len(main) - len(ended) > limit:
        yield f"{len(main) - len(ended)} children are open where {limit} may be."


def _needed(
    names: frozenset[str],
    places: dict[tuple[str, int | None, str], TaskRun],
    run: TaskRun,
    section: str,
) -> Iterator[str]:
    for name in sorted(names):
        before = places.get((section, run.iteration, name))
        if before is None or before.state not in PASSES:
            yield f"{_name(run)} began although `{name}`, which it needs, did not end well."
        elif before.ended_at is None or before.ended_at > run.history[0].at:
            yield f"{_name(run)} began before {_name(before)} had ended."


def _predecessor(
    plan: Plan,
    places: dict[tuple[str, int | None, str], TaskRun],
    run: TaskRun,
    section: str,
    iteration: int | None,
) -> Iterator[str]:
    node = plan.nodes[run.task_id]
    siblings = plan.list_of(node.parent, section)
    position = siblings.index(node)
    if position == 0:
        return
    before = places.get((section, iteration, siblings[position - 1].task.id))
    if before is None or before.state not in PASSES:
        yield f"{_name(run)} began although the task before it did not end well."
    elif before.ended_at is None or before.ended_at > run.history[0].at:
        yield f"{_name(run)} began before {_name(before)} had ended."


def _is_lenient(run: TaskRun | None) -> bool:
    loop = (run.progress or {}).get("loop") if run is not None else None
    return isinstance(loop, dict) and bool(loop.get("lenient"))


def _outcome(
    execution: Execution, parent: TaskRun | None, plan: Plan, ended: list[TaskRun]
) -> Iterator[str]:
    """A parent that succeeded must not hide a failed child, unless it allows failure."""
    state = execution.state if parent is None else parent.state
    if not state.is_terminated or _is_set_by_hand(execution if parent is None else parent):
        return
    worst = State.SUCCESS
    for run in ended:
        worst = worse(worst, run.state)
    node = None if parent is None else plan.nodes[parent.task_id]
    is_lenient = _is_lenient(parent)
    lenient = node is not None and (
        node.task.allow_failure
        or is_lenient
        or (node.flowable is not None and node.flowable.settle(State.FAILED) is not State.FAILED)
    )
    if worst is State.FAILED and state in {State.SUCCESS, State.WARNING} and not lenient:
        name = "The execution" if parent is None else _name(parent)
        yield f"{name} is {state.value} although a task in it failed."
    # The flow's timeout fails what is open, whatever had ended inside.
    allowed = {State.KILLED} if plan.timeout is None else {State.KILLED, State.FAILED}
    if plan.has_sla:
        allowed |= {State.FAILED, State.CANCELLED}
    if worst is State.KILLED and state not in allowed and not is_lenient:
        name = "The execution" if parent is None else _name(parent)
        yield f"{name} is {state.value} although a task in it was killed."
