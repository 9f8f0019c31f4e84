"""The task runs of an execution with an index, so that a step never looks at all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from penstock.engine.evolve import evolving
from penstock.engine.layers import Layers
from penstock.engine.place import Iteration, place_of
from penstock.engine.plan import BESIDE, Node, Plan
from penstock.model.execution import Execution, TaskRun
from penstock.model.frozen import Json
from penstock.model.state import State

_RANK = {
    State.SUCCESS: 0,
    State.SKIPPED: 0,
    State.WARNING: 1,
    State.CANCELLED: 2,
    State.FAILED: 3,
    State.RETRIED: 4,
    State.KILLED: 5,
}
STANDING = frozenset({State.PAUSED, State.BREAKPOINT})
"""States in which a task run waits for a person."""
_MANY = 64
"""So many values make a loop's outputs worth sharing between steps."""
PASSES = frozenset({State.SUCCESS, State.SKIPPED, State.WARNING})
"""States after which the next task of a list may start."""


def worse(one: State, other: State) -> State:
    """The state of a group of two: KILLED before RETRIED, FAILED, CANCELLED, WARNING, SUCCESS."""
    worst = one if _RANK[one] >= _RANK[other] else other
    return State.SUCCESS if worst is State.SKIPPED else worst


@dataclass(frozen=True, slots=True)
class Taken:
    """The iterations that have ended, the latest first."""

    run: TaskRun
    before: Taken | None


class Scope:
    """Where the lists of one open flowable, or of the flow itself, stand.

    `begun` groups of `groups` have started, `open` of them have not ended, at most `limit` may
    be open (0: any number). `worst` is the state of the main children so far, `cause` the first
    that failed. `side` is the last side list that was entered, `side_open` whether it still runs.
    `beside` counts open tasks of the list that runs during a pause. With `needs` a child starts
    when those that it needs are among `done`; `taken` are those that have started. `repeats` says
    that another group may follow the last one. In a loop (`is_loop`) each group has outputs:
    `yielded` counts those that have ended, and with `is_broken` no further one starts. When it
    `is_lenient` their states do not count.
    """

    __slots__ = (
        "begun",
        "beside",
        "cause",
        "chained",
        "done",
        "groups",
        "is_broken",
        "is_lenient",
        "is_loop",
        "last",
        "limit",
        "main",
        "needs",
        "open",
        "repeats",
        "side",
        "side_open",
        "taken",
        "values",
        "worst",
        "yielded",
    )

    def __init__(
        self, main: tuple[Node, ...], values: list[Json] | None, limit: int, *, chained: bool
    ) -> None:
        self.main = main
        self.values = values
        self.limit = limit
        self.chained = chained
        repeats = 1 if values is None else len(values)
        self.groups = (repeats if chained else repeats * len(main)) if main else 0
        self.begun = 0
        self.open = 0
        self.worst = State.SUCCESS
        self.cause: str | None = None
        self.side = ""
        self.side_open = False
        self.beside = 0
        self.repeats = False
        self.is_loop = False
        self.is_lenient = False
        self.is_broken = False
        self.yielded = 0
        self.last: Taken | None = None
        self.needs: dict[str, frozenset[str]] | None = None
        self.taken: frozenset[str] = frozenset()
        self.done: frozenset[str] = frozenset()

    @property
    def is_busy(self) -> bool:
        """Whether any of its tasks is open."""
        return bool(self.open or self.side_open or self.beside)

    def next_group(self) -> tuple[Node, str | None, int | None] | None:
        """First task, value and iteration of the next group; None while no task may start."""
        if self.needs is None:
            return self.group(self.begun)
        for node in self.main:
            name = node.task.id
            if name not in self.taken and self.needs[name] <= self.done:
                self.taken |= {name}
                return node, None, None
        return None

    def group(self, number: int) -> tuple[Node, str | None, int | None]:
        """First task, value and iteration of a group."""
        if self.repeats:
            return self.main[0], None, number
        iteration, place = (number, 0) if self.chained else divmod(number, len(self.main))
        if self.values is None:
            return self.main[place], None, None
        return self.main[place], cast("str", self.values[iteration]), iteration

    def weigh(self, run: TaskRun) -> None:
        """Counts the state of a main child that has ended."""
        if self.is_lenient and run.state is not State.RETRIED:
            return
        self.worst = worse(self.worst, run.state)
        if run.state is State.FAILED and self.cause is None:
            self.cause = run.id

    def take(self, run: TaskRun) -> None:
        """Counts an iteration that has ended, by its last task run, which knows what it gave."""
        yielded = cast("dict[str, Json]", (run.progress or {})["yielded"])
        self.yielded = max(self.yielded, cast("int", yielded["order"]) + 1)
        # Shared with the scopes of earlier steps: a list would be copied in each step.
        self.last = Taken(run, self.last)
        if "failure" in yielded and (not self.is_lenient or "ends" in yielded):
            self.worst = worse(self.worst, State.FAILED)
            self.cause = self.cause or run.parent_id

    def yields(self) -> list[TaskRun]:
        """The last task runs of the iterations that have ended, in the order of these ends."""
        found, chain = list[TaskRun](), self.last
        while chain is not None:
            found.append(chain.run)
            chain = chain.before
        return sorted(found, key=_order)

    @property
    def may_begin(self) -> bool:
        """Whether there is a group that has not begun, and nothing is against it."""
        return self.worst in PASSES and self.begun < self.groups and not self.is_broken

    def copy(self) -> Scope:
        """A copy to change."""
        return _copy(self)


_copy = evolving(Scope)


def _order(run: TaskRun) -> int:
    return cast("int", cast("dict[str, Json]", (run.progress or {})["yielded"])["order"])


class TaskRuns(Layers[str, TaskRun]):
    """Task runs by id with their index.

    `scopes` has an entry for each open flowable, and one under None for the flow. `outputs` is
    what expressions see, `local` what only those in an open iteration of a loop see besides.
    `active` counts those that have not ended: `retrying` those of them that wait for another
    attempt, `paused` those that stand still, `halted` those of these at a breakpoint, `holding`
    those that only wait for tasks in them. `latest` is the last moment in any history: time in an
    execution never runs backwards, even if the server's clock does. When a task run has ended the
    execution, `left` is how many there were by then: nothing follows from those. `told` are
    sentences of the log that are not repeated.
    """

    __slots__ = (
        "active",
        "halted",
        "holding",
        "latest",
        "left",
        "local",
        "outputs",
        "paused",
        "retrying",
        "scopes",
        "told",
    )

    def __init__(self, runs: Mapping[str, TaskRun] | None = None) -> None:
        super().__init__(runs)
        self.scopes: Layers[str | None, Scope] = Layers()
        self.outputs: dict[str, Json] = {}
        self.local: Layers[Iteration, dict[str, Json]] = Layers()
        self.active = 0
        self.retrying = 0
        self.paused = 0
        self.halted = 0
        self.holding = 0
        self.latest: datetime | None = None
        self.left: int | None = None
        self.told: frozenset[str] = frozenset()

    def count(self, before: State, after: State, *, is_flowable: bool) -> None:
        """Notes that a task run went from one state to another."""
        self.retrying += (after is State.RETRYING) - (before is State.RETRYING)
        self.paused += (after in STANDING) - (before in STANDING)
        self.halted += (after is State.BREAKPOINT) - (before is State.BREAKPOINT)
        if is_flowable:
            self.holding += (after is State.RUNNING) - (before is State.RUNNING)

    def fork(self) -> TaskRuns:
        """A copy to change; scopes and outputs are shared until they are changed."""
        new = super().fork()
        new.scopes = self.scopes.fork()
        new.outputs = self.outputs
        new.local = self.local.fork()
        new.active = self.active
        new.retrying = self.retrying
        new.paused = self.paused
        new.halted = self.halted
        new.holding = self.holding
        new.latest = self.latest
        new.left = self.left
        new.told = self.told
        return new

    def is_left(self, run_id: str | None) -> bool:
        """Whether a task run is of an execution that another one has ended meanwhile."""
        return self.left is not None and run_id is not None and self[run_id].number < self.left


def scope_of(plan: Plan, run: TaskRun | None) -> Scope:
    """A fresh scope of a flowable that has decided, or of the flow."""
    if run is None:
        return Scope(plan.lists["tasks"], None, 1, chained=True)
    memory = run.progress or {}
    scope = Scope(
        plan.list_of(plan.nodes[run.task_id], str(memory["children"])),
        cast("list[Json] | None", memory.get("values")),
        cast("int", memory["limit"]),
        chained=bool(memory["chained"]),
    )
    node = plan.nodes[run.task_id]
    scope.needs = node.needs
    if "rounds" in memory and scope.main:
        scope.repeats = True
        scope.groups = cast("int", memory["rounds"])
    if "loop" in memory:
        scope.is_loop = True
        scope.is_lenient = bool(cast("dict[str, Json]", memory["loop"]).get("lenient"))
        scope.is_broken = "broken" in memory
    if "paused" in memory:
        scope.worst = State(str(memory["paused"]))
        scope.cause = run.id if scope.worst is State.FAILED else None
    return scope


def indexed(plan: Plan, execution: Execution) -> TaskRuns:
    """The execution's task runs with their index, which is built when it is missing."""
    found = execution.task_runs
    return found if isinstance(found, TaskRuns) and found.scopes else build(plan, found)


def build(plan: Plan, task_runs: Mapping[str, TaskRun]) -> TaskRuns:
    """Reads the index off the task runs. Looks at each of them once."""
    runs = TaskRuns(task_runs)
    runs.scopes[None] = scope_of(plan, None)
    left = exit_of(task_runs)
    runs.left = None if left is None else left_at(left)
    for run in runs.values():
        last = run.history[-1].at
        if runs.latest is None or last > runs.latest:
            runs.latest = last
        if not run.state.is_terminated:
            runs.active += 1
            runs.retrying += run.state is State.RETRYING
            runs.paused += run.state in STANDING
            runs.halted += run.state is State.BREAKPOINT
            if plan.nodes[run.task_id].flowable and run.progress is not None:
                runs.holding += run.state is State.RUNNING
                if not is_held(run):
                    runs.scopes[run.id] = scope_of(plan, run)
        scope = runs.scopes.get(run.parent_id)
        if scope is not None:
            _count(scope, plan.nodes[run.task_id], run)
        if run.outputs:
            owner, path = place_of(runs, run)
            tree = runs.outputs if owner is None else runs.local.setdefault(owner, {})
            add_outputs(tree, path, run.outputs, fresh=None)
    for run in runs.values():
        if has_yielded(run):
            runs.local.pop((cast("str", run.parent_id), cast("int", run.iteration)), None)
    return runs


def exit_of(task_runs: Mapping[str, TaskRun]) -> TaskRun | None:
    """The task run that ended the execution from inside, if one did and did not kill it."""
    for run in task_runs.values():
        if run.progress is not None and run.progress.get("exit") == run.state.value:
            return run if run.state is not State.KILLED else None
    return None


def has_yielded(run: TaskRun) -> bool:
    """Whether a task run is the last of an iteration that has ended."""
    return run.progress is not None and "yielded" in run.progress


def left_at(run: TaskRun) -> int:
    """How many task runs there were when this one ended the execution."""
    return cast("int", (run.progress or {})["before"])


def _count(scope: Scope, node: Node, run: TaskRun) -> None:
    """Adds a child to its parent's scope."""
    is_open = not run.state.is_terminated
    if node.section == BESIDE:
        scope.beside += is_open
        return
    if not node.is_main:
        scope.side = node.section
        scope.side_open = is_open
        return
    if scope.chained:
        scope.begun = max(scope.begun, (run.iteration or 0) + 1)
    else:
        scope.begun += 1
    scope.open += is_open
    if scope.needs is not None:
        scope.taken |= {run.task_id}
    if not is_open:
        if scope.needs is not None:
            scope.done |= {run.task_id}
        scope.weigh(run)
        if has_yielded(run):
            scope.take(run)


def is_held(run: TaskRun) -> bool:
    """Whether a task run waits, before its start, for the execution to be resumed."""
    return run.state is State.CREATED and run.progress is not None and "held" in run.progress


def path_of(runs: Mapping[str, TaskRun], run: TaskRun) -> tuple[str, ...]:
    """The keys under ``tasks``: the task's id, then all ancestors' values, outermost first."""
    values = [] if run.value is None else [run.value]
    parent_id = run.parent_id
    while parent_id is not None:
        parent = runs[parent_id]
        if parent.value is not None:
            values.append(parent.value)
        parent_id = parent.parent_id
    values.append(run.task_id)
    return tuple(reversed(values))


def add_outputs(
    tree: dict[str, Json],
    path: Iterable[str],
    outputs: dict[str, Json],
    *,
    fresh: set[int] | None,
) -> None:
    """Merges a task run's outputs into the tree.

    Dictionaries on the way are copied first unless `fresh` (of their identities) has them;
    None means that all of them may be changed.
    """
    for key in path:
        below = tree.get(key)
        if isinstance(below, Layers):
            below = below if fresh is None or id(below) in fresh else below.fork()
        elif not isinstance(below, dict):
            below = {}
        elif fresh is not None and id(below) not in fresh:
            below = dict(below) if len(below) < _MANY else Layers(below)
        if fresh is not None:
            fresh.add(id(below))
        tree[key] = below  # type: ignore[assignment] - a Mapping in place of a dict
        tree = below  # type: ignore[assignment] - as above
    for key, value in outputs.items():
        tree[key] = value
