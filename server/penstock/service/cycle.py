"""Flows that call each other in a circle, and so themselves."""

from __future__ import annotations

from dataclasses import replace

from penstock.model.problem import Problem, Severity
from penstock.service.draft import Draft
from penstock.service.objectset import Reference
from penstock.service.world import World
from penstock.store.declared import Key

_MOST = 1_000
"""Flows that are looked at for one circle."""


def of_draft(draft: Draft, world: World, severity: Severity) -> list[Problem]:
    """The circle that a flow closes, said once: of the first by name of those that are written."""
    reading = draft.reading
    start = (draft.reference.namespace, draft.reference.id)
    if reading is None or not reading.references.subflows or not world.callers(*start):
        return []
    circle = _circle(world, start)
    if circle is None or any(
        key < start and world.is_drafted(Reference("flow", *key)) for key in circle
    ):
        return []
    called = circle[1] if len(circle) > 1 else start
    if called == start:
        return []  # the text alone says so
    path = next(
        each.path for each in reading.references.subflows if (each.namespace, each.id) == called
    )
    line, column = reading.place(path) or (None, None)
    names = " → ".join("/".join(key) for key in (*circle, start))
    problem = Problem(
        f"Flows call each other in a circle, without end: {names}.",
        path,
        line,
        column,
        code="cyclic-subflow",
        hint="Take one of the calls out.",
        severity=severity,
    )
    others = tuple(str(Reference("flow", *key)) for key in circle if key != start)
    return [replace(problem, needs=others)]


def _circle(world: World, start: Key) -> list[Key] | None:
    """The shortest way from a flow back to itself, by its calls."""
    came_from: dict[Key, Key] = {}
    ways = [start]
    while ways and len(came_from) < _MOST:
        following: list[Key] = []
        for key in ways:
            reading = world.reading(*key)
            for each in reading.references.subflows if reading is not None else ():
                called = (each.namespace, each.id)
                if called == start:
                    return _way(came_from, start, key)
                if called not in came_from:
                    came_from[called] = key
                    following.append(called)
        ways = following
    return None


def _way(came_from: dict[Key, Key], start: Key, end: Key) -> list[Key]:
    way = [end]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    return way[::-1]
