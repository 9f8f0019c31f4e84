"""Values that know their places in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from yaml.events import Event, ScalarEvent

from penstock.model.frozen import Json

Path: TypeAlias = tuple[str | int, ...]
"""Keys and indexes from the root."""


class Place(NamedTuple):
    """A place in the text; both count from 1, columns in characters."""

    line: int
    column: int


class Node:
    """A value and the event that began it.

    `children` is a dict of key to (event of the key, node) for mappings, a list for sequences,
    None for scalars.
    """

    __slots__ = ("children", "end", "event", "value")

    def __init__(
        self,
        value: Json,
        event: Event,
        children: dict[str, tuple[Event, Node]] | list[Node] | None = None,
        end: int = 0,
    ) -> None:
        self.value = value
        self.event = event
        self.children = children
        self.end = end

    @property
    def place(self) -> Place:
        """Where the value begins."""
        return place_of(self.event)

    @property
    def raw(self) -> str | None:
        """The text of a scalar as written, without quotes and escapes; None for collections."""
        return self.event.value if isinstance(self.event, ScalarEvent) else None

    def entry(self, key: str) -> Node | None:
        """The value under a key of a mapping."""
        if not isinstance(self.children, dict):
            return None
        found = self.children.get(key)
        return found[1] if found else None

    def key_place(self, key: str) -> Place:
        """Where a key of this mapping is written, or where the mapping begins."""
        found = self.children.get(key) if isinstance(self.children, dict) else None
        return place_of(found[0]) if found else self.place

    def child(self, step: str | int) -> Node | None:
        """The value under a key or at an index."""
        if isinstance(step, str):
            return self.entry(step)
        if isinstance(self.children, list) and 0 <= step < len(self.children):
            return self.children[step]
        return None

    def items(self) -> Iterator[tuple[str | int, Node]]:
        """Each key or index with its value."""
        if isinstance(self.children, dict):
            for key, (_, node) in self.children.items():
                yield key, node
        elif isinstance(self.children, list):
            yield from enumerate(self.children)


def place_of(event: Event) -> Place:
    """Where an event begins."""
    mark = event.start_mark
    return Place(mark.line + 1, mark.column + 1)


def path_text(path: Path) -> str:
    """A path as people write it: ``tasks[2].then[0].message``."""
    parts: list[str] = []
    for step in path:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        elif re.fullmatch(r"[A-Za-z_][\w-]*", step):
            parts.append(f".{step}" if parts else step)
        else:
            parts.append(f'["{step}"]')
    return "".join(parts)


def raw_of(node: Node | None, key: str) -> str | None:
    """The text under a key, as it is written; None when there is none."""
    found = node.entry(key) if node is not None else None
    return found.raw if found is not None else None


def parent_of(root: Node, path: Path) -> Node | None:
    """The value that holds the one at a path."""
    node: Node | None = root
    for step in path[:-1]:
        node = node.child(step) if node is not None else None
    return node
