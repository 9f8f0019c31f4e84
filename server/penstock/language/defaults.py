"""Puts plugin defaults into a flow's nodes, before anything is made of them.

Values keep the places where they are written, so a wrong default is told where it stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import orjson
from pydantic import BaseModel
from yaml import Mark
from yaml.events import Event, MappingStartEvent, ScalarEvent, SequenceStartEvent

from penstock.language import sentence
from penstock.language.dialect import deprecated
from penstock.language.node import Node, Path, Place, path_text
from penstock.language.shape import nearest_name, shape_of
from penstock.model.frozen import Json
from penstock.model.problem import Problem

KEYS = ("pluginDefaults", "taskDefaults")
REF = "pluginDefaultsRef"
_LISTS = frozenset({"tasks", "errors", "finally", "afterExecution", "triggers"})
"""The parts of a flow that hold objects with a type of ours; those of inputs are others."""
_NOWHERE = Mark("", 0, 0, 0, "", 0)


class Types(Protocol):
    """What has to be known of types."""

    def canonical(self, type_name: str, /) -> str:
        """Our name of a type."""
        ...

    def is_deprecated(self, type_name: str, /) -> bool:
        """Whether a type is written by a historic name."""
        ...

    def load_task(self, type_name: str, /) -> type[BaseModel] | None:
        """The class of a task type, or None."""
        ...

    def load_trigger(self, type_name: str, /) -> type[BaseModel] | None:
        """The class of a trigger type, or None."""
        ...

    def load_condition(self, type_name: str, /) -> type[BaseModel] | None:
        """The class of a condition's type, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One default. `origin` says where it is declared; `inherited`: outside of the flow's text."""

    type: str
    values: Node
    forced: bool
    ref: str | None
    origin: str
    inherited: bool


@dataclass(frozen=True, slots=True)
class Inherited:
    """The defaults of what surrounds a flow: its namespace, those above it, the server.

    `key` is the same for the same defaults, and empty when there are none.
    """

    entries: tuple[Entry, ...] = field(default=(), repr=False, compare=False)
    key: str = ""


NOTHING = Inherited()


def inherited(levels: Sequence[tuple[str, Sequence[Mapping[str, Json]]]]) -> Inherited:
    """Valid defaults of each level, the nearest first; a level's name ends `comes from …`."""
    entries = [
        entry
        for origin, defaults in levels
        for each in defaults
        if (entry := _entry(_node({**each}), origin, inherited=True)) is not None
    ]
    if not entries:
        return NOTHING
    packed = orjson.dumps([[name, [*each]] for name, each in levels], option=orjson.OPT_SORT_KEYS)
    return Inherited(tuple(entries), hashlib.sha256(packed).hexdigest())


@dataclass(slots=True)
class Applied:
    """The flow's nodes with their defaults.

    `sources` has, by path, each value that a default gave, and the place of the object that got it.
    """

    root: Node
    sources: dict[str, tuple[Entry, Place]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def told(self, problems: Sequence[Problem]) -> Iterator[Problem]:
        """The problems; those of a default say so, and each of them only once."""
        seen: set[tuple[object, ...]] = set()
        for problem in problems:
            source = self._source(problem.path) if self.sources else None
            if source is None:
                yield problem
                continue
            entry, place = source
            where = f"The value comes from {entry.origin}."
            told = replace(problem, hint=f"{problem.hint} {where}" if problem.hint else where)
            if entry.inherited:
                told = replace(told, line=place.line, column=place.column)
            mark = (told.line, told.column, told.code)
            if entry.inherited or mark not in seen:
                seen.add(mark)
                yield told

    def _source(self, path: str) -> tuple[Entry, Place] | None:
        while path:
            found = self.sources.get(path)
            if found is not None:
                return found
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return None


def apply(root: Node, types: Types, outer: Inherited = NOTHING) -> Applied:
    """Gives every object with a type what the defaults of the flow and around it say."""
    entries = (*_own(root), *outer.entries)
    if not entries:
        return Applied(root)
    applied = _Application(entries, types).apply(root)
    applied.problems.extend(_deprecated(root, types))
    return applied


def _deprecated(root: Node, types: Types) -> Iterator[Problem]:
    """Warnings of historic types for which defaults are declared."""
    for key in KEYS:
        listed = root.entry(key)
        for index, node in listed.items() if listed is not None else ():
            kind = node.entry("type")
            if kind is not None and isinstance(kind.value, str) and types.is_deprecated(kind.value):
                current = types.canonical(kind.value)
                yield deprecated(kind.place, (key, index, "type"), kind.value, current)


def _own(root: Node) -> Iterator[Entry]:
    for key in KEYS:
        listed = root.entry(key)
        if listed is not None and isinstance(listed.children, list):
            for index, node in enumerate(listed.children):
                entry = _entry(node, f"`{key}[{index}]`", inherited=False)
                if entry is not None:
                    yield entry


def _entry(node: Node, origin: str, *, inherited: bool) -> Entry | None:
    """The default of a node; None when it does not hold, which the model says."""
    kind, values = node.entry("type"), node.entry("values")
    forced, ref = node.entry("forced"), node.entry("ref")
    if kind is None or not kind.raw or values is None or not isinstance(values.children, dict):
        return None
    is_forced = forced is not None and forced.value is True
    return Entry(kind.raw, values, is_forced, ref.raw if ref else None, origin, inherited)


class _Application:
    def __init__(self, entries: Sequence[Entry], types: Types) -> None:
        self._entries = [(types.canonical(entry.type), entry) for entry in entries]
        self._types = types
        self._given: dict[int, Entry] = {}
        """Entries by the identity of the nodes that they gave."""

    def apply(self, root: Node) -> Applied:
        self._applied = Applied(root)
        if isinstance(root.children, dict):
            children = {
                key: (event, self._visit(child, (key,), ()) if key in _LISTS else child)
                for key, (event, child) in root.children.items()
            }
            self._applied.root = _mapping(root, children)
        return self._applied

    def _visit(self, node: Node, path: Path, passed: tuple[Entry, ...]) -> Node:
        """`passed` are the defaults that hold this node: they are not put into themselves."""
        if isinstance(node.children, list):
            items = [
                self._visit(child, (*path, index), passed) if child.children is not None else child
                for index, child in enumerate(node.children)
            ]
            if all(new is old for new, old in zip(items, node.children, strict=True)):
                return node
            return Node([item.value for item in items], node.event, items, node.end)
        if not isinstance(node.children, dict):
            return node
        found = self._merged(node, path, passed)
        place = (node.entry("type") or node).place
        assert isinstance(found.children, dict)
        children: dict[str, tuple[Event, Node]] = {}
        for key, (event, child) in found.children.items():
            entry = self._given.get(id(child))
            if entry is not None:
                self._applied.sources.setdefault(path_text((*path, key)), (entry, place))
            below = passed if entry is None else (*passed, entry)
            changed = self._visit(child, (*path, key), below) if child.children else child
            children[key] = (event, changed)
        same = all(children[key][1] is child for key, (_, child) in found.children.items())
        return found if same else _mapping(found, children)

    def _merged(self, node: Node, path: Path, passed: tuple[Entry, ...]) -> Node:
        written = node.entry("type")
        if written is None or not isinstance(written.value, str):
            return node
        wanted = node.entry(REF)
        ref = wanted.raw if wanted is not None else None
        name = self._types.canonical(written.value)
        is_found = False
        for kind, entry in self._entries:
            fits = name.startswith(kind) or written.value.startswith(entry.type)
            if not fits or entry in passed or (entry.ref is not None and entry.ref != ref):
                continue
            is_found = is_found or entry.ref is not None
            node = self._with(node, entry, name, is_package=kind != name)
        if wanted is None:
            return node
        if not is_found:
            self._applied.problems.append(self._unknown_ref(wanted, (*path, REF), name))
        assert isinstance(node.children, dict)
        children = {key: each for key, each in node.children.items() if key != REF}
        return _mapping(node, children)

    def _with(self, node: Node, entry: Entry, name: str, *, is_package: bool) -> Node:
        types = self._types
        model = types.load_task(name) or types.load_trigger(name) or types.load_condition(name)
        keys = shape_of(model).keys if model is not None else {}
        written = {keys[key].field for key, _ in node.items() if key in keys}
        assert isinstance(entry.values.children, dict)
        given: dict[str, tuple[Event, Node]] = {}
        for key, value in entry.values.children.items():
            known = keys.get(key)
            # What is said of a whole package goes to the types that have it.
            if is_package and known is None:
                continue
            is_written = node.entry(key) is None and known is not None and known.field in written
            if is_written and not entry.forced:
                continue
            given[key] = value
        return self._deep(node, given, entry)

    def _deep(self, node: Node, given: Mapping[str, tuple[Event, Node]], entry: Entry) -> Node:
        assert isinstance(node.children, dict)
        children = dict(node.children)
        for key, (event, value) in given.items():
            own = children.get(key)
            below = value.children
            if own is not None and isinstance(below, dict) and isinstance(own[1].children, dict):
                children[key] = (own[0], self._deep(own[1], below, entry))
            elif own is None or entry.forced:
                children[key] = (event, value)
                self._given[id(value)] = entry
        return _mapping(node, children)

    def _unknown_ref(self, node: Node, path: Path, name: str) -> Problem:
        refs = [entry.ref for _, entry in self._entries if entry.ref is not None]
        near = nearest_name(node.raw or "", refs)
        known = ", ".join(f"`{ref}`" for ref in dict.fromkeys(refs))
        return sentence.at_value(
            node,
            path,
            f"There is no plugin default with the ref `{node.raw}` for `{name}`.",
            code="unknown-reference",
            hint=f"Did you mean `{near}`?"
            if near and near != node.raw
            else f"There are {known}."
            if known
            else "Declare it below `pluginDefaults`, with this `ref`.",
        )


def _mapping(node: Node, children: dict[str, tuple[Event, Node]]) -> Node:
    value: dict[str, Json] = {key: child.value for key, (_, child) in children.items()}
    return Node(value, node.event, children, node.end)


def _node(value: Json) -> Node:
    """A value without a place in any text."""
    if isinstance(value, dict):
        children: dict[str, tuple[Event, Node]] = {
            key: (_scalar(key), _node(item)) for key, item in value.items()
        }
        return Node(value, MappingStartEvent(None, None, True, _NOWHERE, _NOWHERE), children)
    if isinstance(value, list):
        items = [_node(item) for item in value]
        return Node(value, SequenceStartEvent(None, None, True, _NOWHERE, _NOWHERE), items)
    return Node(value, _scalar(value if isinstance(value, str) else orjson.dumps(value).decode()))


def _scalar(text: str) -> ScalarEvent:
    return ScalarEvent(None, None, (True, False), text, _NOWHERE, _NOWHERE)
