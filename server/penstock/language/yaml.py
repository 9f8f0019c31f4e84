"""Reads YAML into values whose every part knows its place in the text.

PyYAML's C parser delivers events; values are built from them here, because the stock resolver
follows YAML 1.1 (`on`, `yes`, `12:30` and dates become other types). Scalars follow the core
schema of YAML 1.2, except that numbers beyond 64 bits and without end stay text: JSON has none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

import yaml
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from penstock.language.node import Node, path_text, place_of
from penstock.language.scalar import scalar
from penstock.language.syntax import explain
from penstock.model.frozen import Json
from penstock.model.problem import Problem

MAX_DEPTH = 100
"""Collections within each other."""
MAX_NODES = 100_000
"""Values in a document, aliases counted as if they were written out."""

_LOADER = getattr(getattr(yaml, "cyaml", None), "CParser", yaml.SafeLoader)
"""The C parser by itself where there is one: nothing is constructed or resolved here."""
_FORBIDDEN = re.compile(
    "[^\\t\\n\\r -~\\x85\\xa0-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd\\U00010000-\\U0010ffff]"
)
_TAG = "tag:yaml.org,2002:"
_SCALAR_TAGS = frozenset(f"{_TAG}{name}" for name in ("int", "float", "bool", "null"))


@dataclass(frozen=True, slots=True)
class Document:
    """What a text holds: its root, unless it is empty or cannot be read, and its problems."""

    source: str
    root: Node | None
    problems: tuple[Problem, ...]


def read(text: str) -> Document:
    """Reads one YAML document; never raises, whatever the text."""
    source = text.removeprefix("\ufeff")
    forbidden = _FORBIDDEN.search(source)
    if forbidden is not None:
        return Document(source, None, (_forbidden(source, forbidden),))
    builder = _Builder(source)
    try:
        root = builder.document()
    except yaml.MarkedYAMLError as error:
        problem = explain(error, source)
        told = any(other.message == problem.message for other in builder.problems)
        return Document(source, None, (*builder.problems, *(() if told else (problem,))))
    except _Refused:
        root = None
    return Document(source, root, tuple(builder.problems))


def _forbidden(source: str, found: re.Match[str]) -> Problem:
    at = found.start()
    return Problem(
        f"The character U+{ord(found.group()):04X} may not stand in YAML.",
        line=source.count("\n", 0, at) + 1,
        column=at - source.rfind("\n", 0, at),
        code="yaml-syntax",
        hint="Delete it, or write it as an escape in a double-quoted text.",
    )


class _Refused(Exception):
    """Reading stops here; the problem is in the list."""


class _Builder:
    def __init__(self, source: str) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self._next = _LOADER(source).get_event
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._count = 0
        self._depth = 0
        self._path: list[str | int] = []

    def document(self) -> Node | None:
        self._next()
        event = self._next()
        if isinstance(event, StreamEndEvent):
            return None
        root = self._node(self._next())
        self._next()
        event = self._next()
        if isinstance(event, DocumentStartEvent):
            self._problem(
                event,
                "A second document begins here; a file holds one flow.",
                code="yaml-documents",
                hint="Put each flow in a file of its own.",
            )
        return root

    def _problem(self, event: Event, message: str, *, code: str, hint: str) -> None:
        place = place_of(event)
        self.problems.append(
            Problem(
                message,
                path=path_text(tuple(self._path)),
                line=place.line,
                column=place.column,
                code=code,
                hint=hint,
            )
        )

    def _refuse(self, event: Event, message: str, hint: str) -> _Refused:
        self._problem(event, message, code="yaml-limit", hint=hint)
        return _Refused()

    def _node(self, event: Event) -> Node:
        self._count += 1
        if self._count > MAX_NODES:
            raise self._refuse(
                event,
                f"The document has more than {MAX_NODES:,} values.",
                "Write large data to a file and read it in a task; use fewer aliases.",
            )
        before = self._count
        if type(event) is ScalarEvent:
            node = Node(self._scalar(event), event, None, event.end_mark.index)
        elif isinstance(event, AliasEvent):
            return self._alias(event)
        else:
            event = cast("CollectionStartEvent", event)
            node = self._collection(event)
        if event.anchor:
            self._anchors[event.anchor] = (node, self._count - before)
        return node

    def _collection(self, event: CollectionStartEvent) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._refuse(
                event,
                f"Values are nested more than {MAX_DEPTH} levels deep.",
                "Flatten the document.",
            )
        if event.tag is not None and event.tag not in (f"{_TAG}map", f"{_TAG}seq", "!"):
            self._foreign_tag(event)
        node = self._sequence(event) if type(event) is SequenceStartEvent else self._mapping(event)
        self._depth -= 1
        return node

    def _alias(self, event: AliasEvent) -> Node:
        found = self._anchors.get(event.anchor)
        if found is None:
            self._problem(
                event,
                f"The alias `*{event.anchor}` names no anchor that is complete before it.",
                code="yaml-alias",
                hint=f"Mark a value above it with `&{event.anchor}`, or quote the text.",
            )
            return Node(None, event)
        self._count += found[1]
        return found[0]

    def _scalar(self, event: ScalarEvent) -> Json:
        text = cast("str", event.value)
        tag = cast("str | None", event.tag)
        if tag is None:
            return text if event.style else scalar(text)
        if tag in (f"{_TAG}str", "!"):
            return text
        if tag in _SCALAR_TAGS:
            return scalar(text)
        self._foreign_tag(event)
        return text

    def _foreign_tag(self, event: ScalarEvent | CollectionStartEvent) -> None:
        tag = str(event.tag).replace(_TAG, "!!")
        self._problem(
            event,
            f"The tag `{tag}` has no meaning in a flow.",
            code="yaml-tag",
            hint="Remove it, or quote the text.",
        )

    def _sequence(self, event: Event) -> Node:
        children: list[Node] = []
        path = self._path
        path.append(0)
        while type(item := self._next()) is not SequenceEndEvent:
            path[-1] = len(children)
            children.append(self._node(item))
        path.pop()
        return Node([child.value for child in children], event, children, item.end_mark.index)

    def _mapping(self, event: Event) -> Node:
        children: dict[str, tuple[Event, Node]] = {}
        merged: list[tuple[Event, Node]] = []
        is_expression = False
        path = self._path
        while type(key := self._next()) is not MappingEndEvent:
            name = key.value if type(key) is ScalarEvent else self._key(event, key)
            is_expression = is_expression or name is None
            path.append(name or "")
            node = self._node(self._next())
            if name == "<<" and not key.style:
                merged.append((key, node))
            elif name is not None and name in children:
                self._duplicate(key, name, children[name][0])
            elif name is not None:
                children[name] = (key, node)
            path.pop()
        end = key.end_mark.index
        if is_expression:
            return Node(self.source[event.start_mark.index : end], event, None, end)
        for at, node in merged:
            self._merge(at, node, children)
        value: dict[str, Json] = {name: node.value for name, (_, node) in children.items()}
        return Node(value, event, children, end)

    def _key(self, mapping: Event, key: Event) -> str | None:
        """What a key that is no scalar comes to."""
        self._count += 1
        if isinstance(key, AliasEvent):
            found = self._alias(key)
            if found.raw is not None:
                return found.raw
        else:
            self._node(key)
        if key.start_mark.index == mapping.start_mark.index + 1 and type(key) is MappingStartEvent:
            self._problem(
                mapping,
                "An expression begins a value without quotes; YAML reads `{` as a mapping.",
                code="yaml-quotes",
                hint='Put the whole value in quotes: "{{ … }}".',
            )
        else:
            self._problem(
                key, "A key must be a text.", code="yaml-key", hint="Write the key as one word."
            )
        return None

    def _duplicate(self, key: Event, name: str, first: Event) -> None:
        place = place_of(first)
        self._problem(
            key,
            f"The key `{name}` is written twice in one mapping; "
            f"first at line {place.line}, column {place.column}.",
            code="duplicate-key",
            hint="Keep one of the two.",
        )

    def _merge(self, at: Event, node: Node, children: dict[str, tuple[Event, Node]]) -> None:
        sources = node.children if isinstance(node.children, list) else [node]
        for source in sources:
            if not isinstance(source.children, dict):
                self._problem(
                    at,
                    "The merge key `<<` takes a mapping or a list of mappings.",
                    code="yaml-merge",
                    hint="Point it to an anchor on a mapping, such as `<<: *defaults`.",
                )
                return
            for name, entry in source.children.items():
                children.setdefault(name, entry)
