"""Which flows a namespace's plugin defaults would change, and whether they still hold then."""

from __future__ import annotations

from dataclasses import replace

from penstock.model.problem import Problem
from penstock.service.draft import Draft
from penstock.service.flow import below
from penstock.service.form import DeclaredRow
from penstock.service.objectset import Reference
from penstock.service.world import World
from penstock.store.flow import FlowRow
from penstock.store.namespace import NamespaceRow


def touched(draft: Draft, world: World) -> tuple[tuple[str, ...], list[Problem]]:
    """Stored flows whose meaning changes, and an error for each that would not hold any more.

    Flows that the set writes as well say themselves what is wrong with them.
    """
    if draft.content_hash is None or not _has_changed(draft):
        return (), []
    return _changed(draft.reference.namespace, world)


def left(row: DeclaredRow, world: World) -> list[Problem]:
    """An error for each flow that would not hold any more without a namespace that goes."""
    if not isinstance(row, NamespaceRow) or not row.plugin_defaults:
        return []
    name = str(Reference("namespace", row.namespace))
    return [replace(problem, object=name) for problem in _changed(row.namespace, world)[1]]


def _changed(namespace: str, world: World) -> tuple[tuple[str, ...], list[Problem]]:
    before = world.services.defaults.read(world.tx, world.tenant)
    parses, after = world.services.parses, world.surroundings
    names: list[str] = []
    problems: list[Problem] = []
    for row in below(world.tx, world.tenant, namespace):
        old, new = before.of(row.namespace), after.of(row.namespace)
        if old.key == new.key:
            continue
        reference = Reference("flow", row.namespace, row.id)
        flow = parses.get(row.source, row.content_hash, old).flow
        parsed = parses.get(row.source, row.content_hash, new).parsed
        if parsed.flow != flow:
            names.append(str(reference))
        if parsed.flow is None and flow is not None and not world.is_touched(reference):
            problems.append(_broken(row, parsed.problems))
    return tuple(names), problems


def _has_changed(draft: Draft) -> bool:
    previous = draft.previous
    before = previous.plugin_defaults if isinstance(previous, NamespaceRow) else None
    return (before or None) != draft.normalised.get("pluginDefaults")


def _broken(row: FlowRow, problems: tuple[Problem, ...]) -> Problem:
    first = next(problem for problem in problems if problem.is_error)
    return Problem(
        f"The flow {row.namespace}/{row.id} would no longer hold: "
        f"line {first.line}: {first.message}",
        path="pluginDefaults",
        code="breaks-flow",
        hint=first.hint,
    )
