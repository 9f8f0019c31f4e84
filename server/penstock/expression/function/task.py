"""The functions `tasksWithState`, `currentEachOutput` and `loopOutputs`."""

from collections.abc import Iterator, Mapping

from penstock.expression.access import attribute
from penstock.expression.catalogue import named
from penstock.expression.error import ExpressionError, UndefinedError, quoted
from penstock.expression.scope import Scope, with_scope
from penstock.expression.value import Value, to_text, type_name

_STATES = frozenset(
    {
        "CREATED", "SUBMITTED", "QUEUED", "RUNNING", "PAUSED", "RESTARTED", "RETRYING", "RETRIED",
        "KILLING", "KILLED", "FAILED", "WARNING", "SUCCESS", "SKIPPED", "CANCELLED", "BREAKPOINT",
        "RESUBMITTED",
    }
)  # fmt: skip


@named("tasksWithState")
@with_scope
def tasks_with_state(scope: Scope, state: Value) -> Value:
    """The task runs in a state: `taskId`, `state`, and within loops `value`.

    They are one step behind: an error handler that starts in the very step in which a task fails
    does not find it there yet.

    Args:
        scope: that of the rendering.
        state (text): the state, such as `FAILED`.

    Example:
        {{ tasksWithState('failed') }} → []
    """
    wanted = to_text(state).upper()
    if wanted not in _STATES:
        raise ExpressionError(f"{quoted(wanted)} is no state of a task.")
    tasks = scope.variables.get("tasks")
    found: list[Value] = []
    for task_id, below in tasks.items() if isinstance(tasks, Mapping) else ():
        for value, own in _leaves(below):
            if own == wanted:
                run: dict[str, Value] = {"taskId": task_id, "state": own}
                found.append(run if value is None else {**run, "value": value})
    return found


def _leaves(below: Value, value: str | None = None) -> Iterator[tuple[str | None, str]]:
    if isinstance(below, Mapping):
        for key, item in below.items():
            if key == "state" and isinstance(item, str):
                yield value, item
            else:
                yield from _leaves(item, str(key))


@named("currentEachOutput")
@with_scope
def current_each_output(scope: Scope, outputs: Value) -> Value:
    """Of a task within loops, the outputs of the present values: `outputs.<task>` goes in.

    Args:
        scope: that of the rendering.
        outputs (map): the outputs of a task, keyed by the values of the loops around it.

    Example:
        {{ currentEachOutput({'a': {'rows': 1}}) | keys }} → ["a"]
    """
    found = outputs
    for value in _values(scope.variables):
        found = attribute(found, value)
    return found


def _values(variables: Mapping[str, Value]) -> list[str]:
    """The values of the loops around the task, the outermost first."""
    parents = variables.get("parents")
    around = reversed(parents) if isinstance(parents, (list, tuple)) else ()
    values = []
    for each in (*around, variables):
        run = each.get("taskrun") if isinstance(each, Mapping) else None
        if isinstance(run, Mapping) and run.get("value") is not None:
            values.append(to_text(run["value"]))
    return values


@named("loopOutputs")
def loop_outputs(outputs: Value, name: Value) -> Value:
    """One output of every iteration of a loop, as a list: `outputs.<loop>.outputs` goes in.

    Args:
        outputs (list or map): the outputs of the iterations.
        name (text): the name of the output; null where an iteration has none.

    Example:
        {{ loopOutputs([{'outputs': {'n': 1}}, {'outputs': {'n': 2}}], 'n') }} → [1,2]
    """
    if isinstance(outputs, Mapping):
        outputs = outputs["outputs"] if "outputs" in outputs else list(outputs.values())
    if not isinstance(outputs, (list, tuple)):
        raise ExpressionError(f"The 'loopOutputs' function needs a list, not {type_name(outputs)}.")
    key = to_text(name)
    return [_output(each, key) for each in outputs]


def _output(iteration: Value, key: str) -> Value:
    if isinstance(iteration, Mapping) and isinstance(iteration.get("outputs"), Mapping):
        iteration = iteration["outputs"]
    try:
        return attribute(iteration, key)
    except UndefinedError:
        return None
