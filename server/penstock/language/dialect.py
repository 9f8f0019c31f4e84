"""The union of the 1.x and 2.x dialects: old spellings, what is ignored, what is not there yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import BaseModel

from penstock.language import sentence
from penstock.language.node import Node, Path, Place, path_text, place_of
from penstock.language.shape import model_below, nearest_name, shape_of
from penstock.model.condition import Condition
from penstock.model.flow import Flow
from penstock.model.input import INPUTS, OLD_NAMES
from penstock.model.problem import Problem, Severity
from penstock.model.task import Task
from penstock.model.trigger import Trigger

EXAMPLE_TYPES = {
    "task": "core.log.Log",
    "trigger": "core.trigger.Schedule",
    "condition": "core.condition.Weekend",
    "input": "STRING",
}

FLOW_IGNORED = frozenset({"tenantId", "deleted", "updated", "source", "extend"})
"""Written by servers into a flow's JSON; of no meaning in a file."""
NO_EFFECT = frozenset({"workerGroup", "workerSelector", "logToFile", "taskCache", "policyRefs"})
"""Accepted with a warning: the flow does the same without them."""
TASK_IGNORED: frozenset[str] = frozenset()
TRIGGER_IGNORED: frozenset[str] = frozenset()
INPUT_IGNORED: frozenset[str] = frozenset()
_LATER: dict[type[BaseModel], frozenset[str]] = {
    Flow: frozenset({"listeners"}),
    Task: frozenset({"assets"}),
    Trigger: frozenset({"assets"}),
    BaseModel: frozenset(),
}  # fmt: skip
"""Properties of the language that this release does not act on; to ignore them would lie.

The last entry is that of inputs, of which none is left."""
_INSTEAD = {
    "listeners": "Move its tasks to `afterExecution`; their `when` says what the conditions said, "
    "such as `when: \"{{ execution.state == 'FAILED' }}\"`.",
    "assets": "Remove it: there is no catalogue of assets here.",
}
"""What does the work of a property that is gone for good."""
_GIVEN_UP = frozenset({"listeners"})
_SUCCESSORS = {
    "core.flow.Template": "Make the template a flow and call it with `core.flow.Subflow`.",
    "core.state.": "Keep the value with `core.kv.Set` and read it with `core.kv.Get`.",
    "core.storage.LocalFiles": "Give the task that needs the files `inputFiles` or `outputFiles`.",
}
"""The same for types, by the beginning of their names."""


def successor(type_name: str) -> str | None:
    """What does the work of a type that the language gave up; None of any other."""
    return next(
        (hint for old, hint in _SUCCESSORS.items() if type_name.startswith(old)),
        None,
    )


def useless(node: Node, path: Path, cls: type[Task]) -> Problem:
    """A warning about a common property that a kind of task does not use."""
    if cls.task_fields:
        hint = "Give it to the tasks inside, or remove it."
        return idle(node, path, "on a task that only starts other tasks", hint)
    return idle(node, path, "on a task that no worker runs", "Remove it.")


def idle(
    node: Node,
    path: Path,
    where: str = "here",
    hint: str = "Remove it.",
) -> Problem:
    """A warning of a key that changes nothing; `node` is the mapping that holds it."""
    place = node.key_place(str(path[-1]))
    return Problem(
        f"`{path[-1]}` has no effect {where}.",
        path=path_text(path),
        line=place.line,
        column=place.column,
        code="no-effect",
        hint=hint,
        severity=Severity.WARNING,
    )


def deprecated(place: Place, path: Path, old: str, current: str) -> Problem:
    """A warning that quotes the present spelling."""
    return Problem(
        f"`{old}` is deprecated.",
        path=path_text(path),
        line=place.line,
        column=place.column,
        code="deprecated",
        hint=f"Write `{current}`.",
        severity=Severity.WARNING,
        rename=(old, current),
    )


def outdated(place: Place, path: Path, instead: str) -> Problem:
    """A warning of a property that other properties have replaced."""
    return Problem(
        f"`{path[-1]}` is deprecated.",
        path=path_text(path),
        line=place.line,
        column=place.column,
        code="deprecated",
        hint=instead,
        severity=Severity.WARNING,
    )


def replaced(node: Node, path: Path, condition: type[Condition]) -> Problem:
    """A warning of a condition, with what says the same today; `node` is its mapping."""
    place = node.key_place("type")
    return Problem(
        f"The condition `{condition.type_name}` is deprecated.",
        path=path_text((*path, "type")),
        line=place.line,
        column=place.column,
        code="deprecated",
        hint=f"Write `{condition.replacement}`.",
        severity=Severity.WARNING,
    )


def input_type(node: Node, path: Path, kind: str, *, in_form: bool) -> Problem | None:
    """What is to be said of the type of an input."""
    if kind not in INPUTS:
        near = nearest_name(kind, INPUTS)
        known = ", ".join(f"`{name}`" for name in INPUTS if name not in OLD_NAMES)
        return sentence.at_value(
            node,
            path,
            f"Unknown input type `{kind}`.",
            code="unknown-type",
            hint=f"Did you mean `{near}`?" if near else f"There are {known}.",
        )
    if in_form and kind == "FORM":
        return sentence.at_value(
            node,
            path,
            "A FORM input cannot contain another FORM input; it groups inputs one level deep.",
            code="invalid-value",
            hint="Move these inputs into the outer form, or make a form of their own.",
        )
    return deprecated(node.place, path, kind, OLD_NAMES[kind]) if kind in OLD_NAMES else None


def both(node: Node, path: Path, current: str) -> Problem:
    """A key that is there in its older and in its present spelling."""
    return sentence.at_key(
        node,
        path,
        f"`{path[-1]}` and `{current}` are two spellings of one property.",
        code="duplicate-key",
        hint=f"Keep `{current}`, and say in it what both say.",
    )


def outside(
    cls: type[BaseModel], node: Node, path: Path, ignored: frozenset[str]
) -> Problem | None:
    """What to say of a key that the class does not have; None when it is ignored."""
    key = str(path[-1])
    if key in ignored:
        return None
    if key in NO_EFFECT:
        return idle(node, path)
    if key == "pluginDefaultsRef" and issubclass(cls, Task | Trigger):
        # One that leads somewhere has been followed before.
        return sentence.at_key(
            node,
            path,
            "There are no plugin defaults that this could refer to.",
            code="unknown-reference",
            hint="Declare one below `pluginDefaults`, with this `ref`.",
        )
    later = next(names for kind, names in _LATER.items() if issubclass(cls, kind))
    if key in later:
        return sentence.at_key(
            node,
            path,
            f"The language has given up `{key}`."
            if key in _GIVEN_UP
            else f"`{key}` belongs to the flow language, but this release does not act on it here.",
            code="unsupported-property",
            hint=_INSTEAD.get(key, "Remove it, so that the flow does what its text says."),
        )
    return sentence.unknown_property(node, path, cls)


def below(models: Sequence[type[BaseModel]], node: Node, path: Path) -> Iterator[Problem]:
    """Warnings of old spellings in mappings that are of one of some models, at any depth."""
    models = [model for model in models if not issubclass(model, Task)]
    if not models:
        return
    if isinstance(node.children, list):
        for index, item in enumerate(node.children):
            yield from below(models, item, (*path, index))
    elif isinstance(node.children, dict):
        written = node.children.keys()
        model = max(models, key=lambda one: len(written & shape_of(one).keys.keys()))
        for name, (event, child) in node.children.items():
            key = shape_of(model).keys.get(name)
            if key is None:
                continue
            if key.deprecated:
                yield deprecated(place_of(event), (*path, name), name, key.current)
            elif key.instead is not None:
                yield outdated(place_of(event), (*path, name), key.instead)
            if child.children:
                yield from below(model_below(model, name), child, (*path, name))


def checks(node: Node, path: Path, problems: list[Problem]) -> None:
    """Warns of the old spelling inside checks."""
    for index, child in enumerate(node.children if isinstance(node.children, list) else ()):
        if isinstance(child.children, dict) and "condition" in child.children:
            at = (*path, index, "condition")
            problems.append(deprecated(child.key_place("condition"), at, "condition", "when"))


def labels(node: Node, path: Path, problems: list[Problem]) -> dict[str, str]:
    """Labels as a map, from a map or a list of ``{key, value}``; values as they are written."""
    found: dict[str, str] = {}
    for key, value, at in _pairs(node, path, problems):
        if value.raw is None:
            problems.append(sentence.wrong_type(value, at, ["string"]))
        elif value.value is None or value.raw == "":
            problems.append(
                sentence.at_value(
                    value,
                    at,
                    f"The label `{key}` has no value.",
                    code="invalid-label",
                    hint="Give it a value, or remove it.",
                )
            )
        else:
            found[key] = value.raw
    return found


def _pairs(node: Node, path: Path, problems: list[Problem]) -> list[tuple[str, Node, Path]]:
    if isinstance(node.children, dict):
        return [(key, value, (*path, key)) for key, (_, value) in node.children.items()]
    if not isinstance(node.children, list):
        problems.append(sentence.wrong_type(node, path, ["dict"]))
        return []
    pairs: list[tuple[str, Node, Path]] = []
    for index, item in enumerate(node.children):
        key, value = item.entry("key"), item.entry("value")
        if key is None or key.raw is None or value is None:
            problems.append(
                sentence.at_value(
                    item,
                    (*path, index),
                    "A label in a list needs `key` and `value`.",
                    code="wrong-type",
                    hint="For example `- key: team` and `value: data` below it.",
                )
            )
        else:
            pairs.append((key.raw, value, (*path, index, "value")))
    return pairs
