"""Flows that would miss a variable which a namespace no longer declares."""

from __future__ import annotations

from collections.abc import Iterable

from penstock.model.problem import Problem, Severity
from penstock.service.draft import Draft
from penstock.service.flow import below
from penstock.service.objectset import Reference, has_unknown
from penstock.service.world import World
from penstock.store.namespace import NamespaceRow


def of_namespace(draft: Draft, world: World, severity: Severity) -> list[Problem]:
    """Stored flows outside the set that read what a namespace's variables lose."""
    before = draft.previous.variables if isinstance(draft.previous, NamespaceRow) else None
    written = draft.member.spec.get("variables")
    if not before or (has_unknown(written) and not isinstance(written, dict)):
        return []
    kept = written if isinstance(written, dict) else {}
    lost = before.keys() - kept.keys()
    if not lost or "$unknown" in kept:
        return []
    return [
        Problem(
            f"The flow {reference.namespace}/{reference.id} reads `namespace.{key}`, which this "
            "no longer declares.",
            path="variables",
            code="variable-in-use",
            hint="Keep it, or change that flow in the same set.",
            severity=severity,
            needs=(str(reference),),
        )
        for reference, key in _readers(draft.reference.namespace, lost, world)
    ]


def _readers(namespace: str, lost: Iterable[str], world: World) -> Iterable[tuple[Reference, str]]:
    for row in below(world.tx, world.tenant, namespace):
        reference = Reference("flow", row.namespace, row.id)
        if world.is_touched(reference):
            continue
        reading = world.reading(row.namespace, row.id)
        read = {each.keys[0] for each in reading.references.variables} if reading else set()
        for key in sorted(
            read.intersection(lost) - world.namespaces.variables(row.namespace).keys()
        ):
            yield reference, key
