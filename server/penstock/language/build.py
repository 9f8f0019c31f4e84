"""Builds a flow's parts from nodes; each problem has its own path and place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeVar, cast

from pydantic import BaseModel

from penstock.language import dialect, sentence
from penstock.language.catalog import Catalog, unknown_type
from penstock.language.checked import checked
from penstock.language.found import MOST_PROBLEMS, found
from penstock.language.literal import literal_secrets
from penstock.language.node import Node, Path
from penstock.language.shape import Holds, Part, Shape, model_below, shape_of
from penstock.model.condition import Condition
from penstock.model.dynamic import contains_expression
from penstock.model.flow import Flow
from penstock.model.frozen import Json
from penstock.model.input import INPUTS, BaseInput, ChoiceInput, FormInput, Input, Unfit
from penstock.model.problem import Problem, Severity
from penstock.model.task import Entry, Task
from penstock.model.trigger import Trigger

M = TypeVar("M", bound=BaseModel)

_FLOW_PARTS = dict.fromkeys(("tasks", "errors", "finally", "afterExecution"), Part(Holds.TASKS))
_STAND_IN = Task.model_construct(id="broken", type="broken")
_GUESSED_CHILDREN = frozenset({"tasks", "then", "else", "defaults", "errors", "finally"})


class Named(NamedTuple):
    """A thing with an id, as written, whether or not the rest of it holds."""

    id: str
    path: Path
    node: Node


@dataclass(slots=True)
class Draft:
    """What was seen while building, for the rules about the whole flow."""

    tasks: list[Named] = field(default_factory=list)
    triggers: list[Named] = field(default_factory=list)
    inputs: list[Named] = field(default_factory=list)
    asked: list[list[Named]] = field(default_factory=list)
    """Inputs for which tasks ask, of each task."""
    outputs: list[Named] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


class Builder:
    """Makes tasks, triggers and inputs of nodes, and notes what it sees in `draft`."""

    def __init__(self, catalog: Catalog) -> None:
        self.draft = Draft()
        self._catalog = catalog
        self._problems = self.draft.problems

    def flow(self, root: Node) -> Flow | None:
        """The flow of a document's root mapping, or None when it has problems."""
        for named in _items(root, "outputs"):
            self._name(self.draft.outputs, *named)
        return self.validated(Flow, root, (), dialect.FLOW_IGNORED)

    def tasks(self, node: Node, path: Path) -> tuple[Task, ...]:
        """The tasks of a list; those with problems are left out."""
        return self._each(node, path, self.task)

    def triggers(self, node: Node, path: Path) -> tuple[Trigger, ...]:
        """The triggers of a list; those with problems are left out."""
        return self._each(node, path, self._trigger)

    def inputs(
        self, node: Node, path: Path, names: list[Named], form: str | None = None
    ) -> tuple[Input, ...]:
        """The inputs of a list, of which `names` is told; those with problems are left out.

        `form` is the id of the form whose inputs they are.
        """
        return self._each(node, path, lambda each, at: self._input(each, at, names, form))

    def _each(
        self, node: Node, path: Path, make: Callable[[Node, Path], M | None]
    ) -> tuple[M, ...]:
        if node.value is None:
            return ()
        if not isinstance(node.children, list):
            problem = sentence.wrong_type(node, path, ["list"])
            self._problems.append(replace(problem, hint="Begin each item with `- id: …`."))
            return ()
        made: list[M] = []
        for index, child in enumerate(node.children):
            if len(self._problems) >= MOST_PROBLEMS:
                break
            one = make(child, (*path, index))
            if one is not None:
                made.append(one)
        return tuple(made)

    def task(self, node: Node, path: Path) -> Task | None:
        """The task of a mapping and all tasks below it, or None when it has problems."""
        if not self._is_mapping(node, path, "A task"):
            return None
        self._name(self.draft.tasks, node, path)
        cls = self._class(node, path, "task", self._catalog.load_task)
        if cls is None:
            for key, child in node.items():
                if key in _GUESSED_CHILDREN and isinstance(child.children, list):
                    self.tasks(child, (*path, key))
            return None
        made = self.validated(cls, node, path, dialect.TASK_IGNORED)
        for key, why in made.idle().items() if made is not None else ():
            problem = dialect.idle(node, (*path, key), f"here: {why}", "Leave it, or remove it.")
            self._problems.append(problem)
        return made

    def _trigger(self, node: Node, path: Path) -> Trigger | None:
        if not self._is_mapping(node, path, "A trigger"):
            return None
        self._name(self.draft.triggers, node, path)
        cls = self._class(node, path, "trigger", self._catalog.load_trigger)
        return self.validated(cls, node, path, dialect.TRIGGER_IGNORED) if cls else None

    def _conditions(self, node: Node, path: Path) -> tuple[Condition, ...] | dict[str, Condition]:
        """The conditions of a list, or of a map by their names."""
        if not isinstance(node.children, dict):
            return self._each(node, path, self._condition)
        made = {key: self._condition(child, (*path, key)) for key, child in node.items()}
        return {str(key): each for key, each in made.items() if each is not None}

    def _condition(self, node: Node, path: Path) -> Condition | None:
        if not self._is_mapping(node, path, "A condition"):
            return None
        cls = self._class(node, path, "condition", self._catalog.load_condition)
        if cls is None:
            return None
        if cls.replacement:
            self._problems.append(dialect.replaced(node, path, cls))
        return self.validated(cls, node, path, frozenset())

    def _input(self, node: Node, path: Path, names: list[Named], form: str | None) -> Input | None:
        if not self._is_mapping(node, path, "An input"):
            return None
        key = "id" if node.entry("id") else "name"
        before = len(names)
        self._name(names, node, path, key)
        if form is not None and len(names) > before:
            names[-1] = names[-1]._replace(id=f"{form}.{names[-1].id}")
        kind = self._type(node, path, "input")
        if kind is None:
            return None
        cls = INPUTS.get(kind)
        type_node, type_path = cast("Node", node.entry("type")), (*path, "type")
        problem = dialect.input_type(type_node, type_path, kind, in_form=form is not None)
        if problem is not None:
            self._problems.append(problem)
        if cls is None or (problem is not None and problem.is_error):
            return None
        before = self._errors()
        part = None
        if issubclass(cls, FormInput) and (below := node.entry("inputs")) is not None:
            own = node.entry(key)
            name = own.raw if own is not None and own.raw else "form"
            part = self.inputs(below, (*path, "inputs"), names, name)
            if self._errors() > before:
                return None
        made = self.validated(
            cls, node, path, dialect.INPUT_IGNORED, parts={} if part is None else {"inputs": part}
        )
        if made is not None:
            self._default(cast("Input", made), node, path)
        return cast("Input | None", made)

    def _default(self, made: Input, node: Node, path: Path) -> None:
        """Warns of a default that the input itself would not take."""
        written = node.entry("defaults")
        if written is None or made.defaults is None or contains_expression(made.defaults):
            return
        if isinstance(made, ChoiceInput) and made.expression is not None:
            return
        try:
            made.cast(made.defaults)
        except Unfit as error:
            problem = sentence.at_value(
                written,
                (*path, "defaults"),
                f"The default of the input `{made.id}` does not fit: {error}.",
                code="invalid-default",
                hint=f"It takes {made.takes()}.",
            )
            self._problems.append(replace(problem, severity=Severity.WARNING))

    def _name(self, names: list[Named], node: Node, path: Path, key: str = "id") -> None:
        found_id = node.entry(key)
        if found_id is not None and isinstance(found_id.raw, str) and found_id.value is not None:
            names.append(Named(found_id.raw, (*path, key), found_id))

    def _is_mapping(self, node: Node, path: Path, what: str) -> bool:
        if isinstance(node.children, dict):
            return True
        self._problems.append(
            sentence.at_value(
                node,
                path,
                f"{what} is a mapping with `id` and `type`; found {found(node.value)}.",
                code="wrong-type",
                hint="For example `- id: first` and `type: …` below it.",
            )
        )
        return False

    def _type(self, node: Node, path: Path, kind: str) -> str | None:
        written = node.entry("type")
        if written is None or written.value is None:
            article = "an" if kind == "input" else "a"
            other = next((key for key, _ in node.items() if str(key).lower() == "type"), None)
            example = dialect.EXAMPLE_TYPES[kind]
            hint = f"Add the `type` of {article} {kind}, such as `type: {example}`."
            self._problems.append(
                sentence.at_value(
                    node,
                    (*path, "type"),
                    f"This {kind} has no `type`.",
                    code="missing-property",
                    hint=hint if other is None else f"Write `type` for `{other}`: case counts.",
                )
            )
            return None
        if not isinstance(written.value, str):
            self._problems.append(sentence.wrong_type(written, (*path, "type"), ["string"]))
            return None
        return written.value

    def _class(
        self, node: Node, path: Path, kind: str, load: Callable[[str], type[M] | None]
    ) -> type[M] | None:
        name = self._type(node, path, kind)
        if name is None:
            return None
        at, where = cast("Node", node.entry("type")), (*path, "type")
        cls = load(name)
        if cls is None:
            self._problems.append(unknown_type(self._catalog, at, where, name=name, kind=kind))
            return None
        if self._catalog.is_deprecated(name):
            current = self._catalog.canonical(name)
            self._problems.append(dialect.deprecated(at.place, where, name, current))
        newer = cls.replaced_by if issubclass(cls, Task) else ""
        if newer:
            self._problems.append(dialect.deprecated(at.place, where, name, newer))
        return cls

    def validated(
        self,
        cls: type[M],
        node: Node,
        path: Path,
        ignored: frozenset[str],
        *,
        parts: dict[str, object] | None = None,
    ) -> M | None:
        """The node's mapping as `cls`, or None with problems noted; `parts` are made already."""
        before = self._errors()
        values = self._values(cls, shape_of(cls), node, path, ignored)
        values.update(parts or {})
        self._problems.extend(literal_secrets(cls, node, path))
        made, problems = checked(cls, values, node, path)
        self._problems.extend(problems)
        return made if before == self._errors() else None

    def _errors(self) -> int:
        return sum(problem.is_error for problem in self._problems) if self._problems else 0

    def _values(
        self, cls: type[BaseModel], shape: Shape, node: Node, path: Path, ignored: frozenset[str]
    ) -> dict[str, object]:
        values: dict[str, object] = {}
        written = cast("dict[str, tuple[object, Node]]", node.children)
        without_effect = cls.without_effect if issubclass(cls, Task) else frozenset[str]()
        for name, (_, child) in written.items():
            key = shape.keys.get(name)
            if key is None and len(self._problems) >= MOST_PROBLEMS:
                break
            if key is None:
                problem = dialect.outside(cls, node, (*path, name), ignored)
                if problem is not None:
                    self._problems.append(problem)
                continue
            if key.current in without_effect and issubclass(cls, Task):
                self._problems.append(dialect.useless(node, (*path, name), cls))
            if key.deprecated and key.current in written:
                self._problems.append(dialect.both(node, (*path, name), key.current))
                continue
            if key.deprecated:
                self._problems.append(
                    dialect.deprecated(node.key_place(name), (*path, name), name, key.current)
                )
            elif key.instead is not None:
                at = (*path, name)
                self._problems.append(dialect.outdated(node.key_place(name), at, key.instead))
            part = _FLOW_PARTS.get(name) if cls is Flow else shape.parts.get(name)
            holds = part is not None or name in shape.inputs or name == "triggers"
            if child.children and not (holds or name in shape.conditions):
                self._problems.extend(dialect.below(model_below(cls, name), child, (*path, name)))
            if child.value is not None and part is not None:
                values[name] = self._part(part, child, (*path, name))
            elif child.value is not None and cls is Flow and name == "triggers":
                values[name] = self.triggers(child, (*path, name))
            elif child.value is not None and name in shape.inputs:
                values[name] = self._asked(cls, child, (*path, name))
            elif child.value is not None and name in shape.conditions:
                values[name] = self._conditions(child, (*path, name))
            elif child.value is not None or key.required:
                values[name] = self._value(cls, name, child, path)
        return values

    def _part(self, part: Part, node: Node, path: Path) -> object:
        """What stands below a key that holds tasks."""
        match part:
            case Part(Holds.TASK):
                # A broken child has its own problem; its parent must not be told that it is empty.
                return self.task(node, path) or _STAND_IN
            case Part(Holds.CASES):
                return self._cases(node, path)
            case Part(Holds.ENTRIES, entry) if entry is not None:
                made = self._each(node, path, lambda one, at: self._entry(entry, one, at))
                return made or ((entry.model_construct(task=_STAND_IN),) if _has(node) else ())
        return self.tasks(node, path) or ((_STAND_IN,) if _has(node) else ())

    def _cases(self, node: Node, path: Path) -> dict[str, tuple[Task, ...]]:
        if not isinstance(node.children, dict):
            self._problems.append(sentence.wrong_type(node, path, ["dict"]))
            return {"broken": (_STAND_IN,)}
        return {
            key: self.tasks(child, (*path, key))
            or ((_STAND_IN,) if _has(child) and child.value is not None else ())
            for key, (_, child) in node.children.items()
        }

    def _entry(self, cls: type[Entry], node: Node, path: Path) -> Entry | None:
        if not isinstance(node.children, dict):
            self._problems.append(sentence.wrong_type(node, path, ["dict"]))
            return None
        return self.validated(cls, node, path, frozenset())

    def _asked(self, cls: type[BaseModel], node: Node, path: Path) -> tuple[BaseModel, ...]:
        """The inputs of the flow, or those for which a task asks; a form's are made already."""
        if issubclass(cls, FormInput):
            return ()
        names = self.draft.inputs
        if cls is not Flow:
            self.draft.asked.append(names := [])
        return cast("tuple[BaseModel, ...]", self.inputs(node, path, names))

    def _value(
        self, cls: type[BaseModel], name: str, node: Node, path: Path
    ) -> Json | dict[str, str]:
        if name == "labels" and issubclass(cls, Flow | Trigger):
            return dialect.labels(node, (*path, name), self._problems)
        if name in ("defaults", "prefill") and issubclass(cls, BaseInput) and cls.keeps_text:
            return node.value if node.raw is None else node.raw
        if name == "checks" and cls is Flow:
            dialect.checks(node, (*path, name), self._problems)
        return node.value


def _has(node: Node) -> bool:
    """Whether something stands there, be it wrong."""
    return bool(node.children) or node.children is None


def _items(node: Node, key: str) -> Iterator[tuple[Node, Path]]:
    listed = node.entry(key)
    if listed is not None and isinstance(listed.children, list):
        for index, child in enumerate(listed.children):
            yield child, (key, index)
