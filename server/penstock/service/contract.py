"""Findings about calls of other flows: what they are given, and what is read of them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from penstock.language.references import References
from penstock.model.flow import Flow
from penstock.model.frozen import Json
from penstock.model.problem import Problem, Severity
from penstock.service.draft import Draft
from penstock.service.objectset import Reference
from penstock.service.services import Reading
from penstock.service.world import World

Fit = Callable[[Flow, Mapping[str, Json]], list[tuple[str, str, str | None]]]


@dataclass(frozen=True, slots=True)
class Call:
    """A task that executes a flow which it names literally; `path` is the task's."""

    task_id: str
    path: str
    namespace: str
    id: str
    revision: int | None
    inputs: dict[str, Json]


def calls_of(reading: Reading) -> list[Call]:
    """The calls in a flow's text."""
    if reading.flow is None or not reading.references.subflows:
        return []
    named = {each.path.rpartition(".")[0]: each for each in reading.references.subflows}
    tasks = {task.id: task for task in reading.flow.all_tasks()}
    found = []
    for task_id, path in paths_of(reading.flow).items():
        target = named.get(path)
        if target is None:
            continue
        inputs = getattr(tasks[task_id], "inputs", None)
        revision = getattr(tasks[task_id], "revision", None)
        found.append(
            Call(
                task_id,
                path,
                target.namespace,
                target.id,
                revision if isinstance(revision, int) else None,
                inputs if isinstance(inputs, dict) else {},
            )
        )
    return found


def of_caller(draft: Draft, world: World, severity: Severity, *, fit: Fit) -> list[Problem]:
    """What a flow gives to those that it calls, or reads of them, that they do not know."""
    reading = draft.reading
    found: list[Problem] = []
    if reading is None:
        return found

    def add(call: Call, path: str, message: str, *, code: str, hint: str | None) -> None:
        line, column = reading.place(path) or (None, None)
        needs = (str(Reference("flow", call.namespace, call.id)),)
        problem = Problem(message, path, line, column, code=code, hint=hint, severity=severity)
        found.append(replace(problem, needs=needs))

    for call in calls_of(reading):
        child = world.flow_at(call.namespace, call.id, call.revision)
        if child is None:
            if call.revision is not None and world.has_flow(call.namespace, call.id):
                name = f"{call.namespace}/{call.id}"
                message = f"There is no revision {call.revision} of the flow {name}."
                path, hint = f"{call.path}.revision", "Leave it out, or name one."
                add(call, path, message, code="unknown-revision", hint=hint)
            continue
        for key, message, hint in fit(child, call.inputs):
            path = f"{call.path}.inputs.{key}"
            add(call, path, message, code="subflow-inputs", hint=hint)
        for path, name in _missing_outputs(reading.references, call, child):
            message = f"The flow {child.namespace}/{child.id} has no output `{name}`."
            add(call, path, message, code="subflow-outputs", hint=_near(name, child))
    return found


def of_called(
    draft: Draft, flow: Flow, world: World, severity: Severity, *, fit: Fit
) -> list[Problem]:
    """Stored callers outside the set whom the new text would not serve any more."""
    found: list[Problem] = []
    for namespace, name in world.callers(flow.namespace, flow.id):
        caller = world.reading(namespace, name)
        if caller is None or world.is_drafted(Reference("flow", namespace, name)):
            continue  # it hears of this itself
        for call in calls_of(caller):
            if (call.namespace, call.id) != (flow.namespace, flow.id) or call.revision is not None:
                continue
            begin = f"The flow {namespace}/{name} (task `{call.task_id}`) would no longer fit: "
            misfits = [
                ("inputs", "caller-inputs", message, "input")
                for _, message, _ in fit(flow, call.inputs)
            ] + [
                (
                    "outputs",
                    "caller-outputs",
                    f"The flow {flow.namespace}/{flow.id} has no output `{output}`.",
                    "output",
                )
                for _, output in _missing_outputs(caller.references, call, flow)
            ]
            for path, code, message, noun in misfits:
                line, column = (draft.reading.place(path) if draft.reading else None) or (
                    None,
                    None,
                )
                hint = f"Keep the {noun}, or change that flow in the same set."
                found.append(
                    Problem(
                        f"{begin}{message}",
                        path,
                        line,
                        column,
                        code=code,
                        hint=hint,
                        severity=severity,
                        needs=(str(Reference("flow", namespace, name)),),
                    )
                )
    return found


def calls_into(world: World, namespace: str, flow_id: str) -> Iterator[dict[str, Json]]:
    """Who would call a flow: flow, task, and the revision that it is pinned to."""
    for caller in world.callers(namespace, flow_id):
        reading = world.reading(*caller)
        for call in calls_of(reading) if reading is not None else ():
            if (call.namespace, call.id) == (namespace, flow_id):
                yield {"flow": "/".join(caller), "task": call.task_id, "revision": call.revision}


def _missing_outputs(found: References, call: Call, child: Flow) -> Iterator[tuple[str, str]]:
    known = {each.id for each in child.outputs}
    for each in found.outputs:
        if each.task_id == call.task_id and each.name not in known:
            yield each.path, each.name


def _near(name: str, child: Flow) -> str:
    known = [each.id for each in child.outputs]
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"Did you mean `{close[0]}`?"
    return f"It has {', '.join(known)}." if known else "It has none."


def paths_of(flow: Flow) -> dict[str, str]:
    """The path in the text of every task, by its id."""
    found: dict[str, str] = {}
    lists = (
        ("tasks", flow.tasks),
        ("errors", flow.errors),
        ("finally", flow.finally_),
        ("afterExecution", flow.after_execution),
    )
    pending = [
        (f"{name}[{index}]", task) for name, each in lists for index, task in enumerate(each)
    ]
    while pending:
        path, task = pending.pop()
        found[task.id] = path
        pending += [(f"{path}.{below}", child) for below, child in task.places()]
    return found
