"""Looks at a whole set against what is stored; the same look for a plan and for an apply."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from sqlalchemy import Connection

from penstock.model.problem import Problem, Severity
from penstock.service import finding
from penstock.service.change import Change
from penstock.service.draft import Draft
from penstock.service.form import DeclaredRow
from penstock.service.guard import foreign
from penstock.service.kind import KIND
from penstock.service.objectset import (
    KINDS,
    ObjectSet,
    Reference,
    Removal,
    canonical_hash,
    has_unknown,
)
from penstock.service.services import Services
from penstock.service.spec import NamespaceSpec, read
from penstock.service.surroundings import Declared, stored
from penstock.service.touched import left, touched
from penstock.service.world import World


@dataclass(slots=True)
class Going:
    """A removal, the object that it removes, and what is found about it."""

    removal: Removal
    row: DeclaredRow | None
    problems: list[Problem]

    @property
    def reference(self) -> Reference:
        """Which object."""
        return self.removal.reference


@dataclass(frozen=True, slots=True)
class Examination:
    """What a set would do, in the order of writing, and what is wrong with it."""

    drafts: tuple[Draft, ...]
    goings: tuple[Going, ...]
    world: World
    plan_token: str

    @property
    def problems(self) -> list[Problem]:
        """Every finding, said of its member."""
        found = [problem for draft in self.drafts for problem in draft.problems]
        return found + [problem for going in self.goings for problem in going.problems]


def warm(services: Services, tenant: str, wanted: ObjectSet) -> None:
    """Parses the texts of a set ahead, so that no transaction is held open for it."""
    with services.database.read() as tx:
        surroundings = services.defaults.read(tx, tenant, _defaults_of(wanted))
    for member in wanted.members:
        source = member.spec.get("source")
        if member.reference.kind == "flow" and isinstance(source, str):
            inherited = surroundings.of(member.reference.namespace)
            services.parses.get(source, None, inherited)


def examine(tx: Connection, services: Services, change: Change, wanted: ObjectSet) -> Examination:
    """Reads and checks every member, alone and among the others."""
    tenant = change.caller.tenant
    surroundings = services.defaults.read(tx, tenant, _defaults_of(wanted))
    members = sorted(wanted.members, key=lambda member: KINDS.index(member.reference.kind))
    drafts = tuple(
        draft
        for kind, group in groupby(members, key=lambda member: member.reference.kind)
        for draft in KIND[kind].draft_many(tx, services, tenant, [*group], surroundings)
    )
    goings = tuple(_goings(tx, services, tenant, wanted.removals))
    world = World(
        tx,
        services,
        tenant,
        drafts=drafts,
        removed=[going.reference for going in goings],
        surroundings=surroundings,
    )
    severity = Severity.ERROR if wanted.complete else Severity.WARNING
    for draft in drafts:
        _check_owner(draft.reference, draft.previous, change, draft.problems)
        draft.add(finding.of_draft(draft, world, severity))
        if draft.reference.kind == "namespace":
            draft.touches, problems = touched(draft, world)
            draft.add(problems)
    for going in goings:
        _check_owner(going.reference, going.row, change, going.problems)
        if going.row is not None:
            going.problems.extend(
                Problem(
                    f"{user} still needs {going.reference}.",
                    code="in-use",
                    hint="Remove or change it first, or in the same set.",
                    object=str(going.reference),
                    needs=(user,),
                )
                for user in finding.users(going.reference, world)
            )
            going.problems.extend(left(going.row, world))
    for each in (*drafts, *goings):
        each.problems = [_ours(tx, services, change, problem) for problem in each.problems]
    return Examination(drafts, goings, world, _token(tenant, drafts, goings))


def _ours(tx: Connection, services: Services, change: Change, problem: Problem) -> Problem:
    """A finding that names only those objects as needed that its caller may write."""
    if not problem.needs or change.force:
        return problem
    kept = []
    for name in problem.needs:
        reference = Reference.read(name)
        row = KIND[reference.kind].find(tx, services, change.caller.tenant, reference)
        if row is None or row.owner == change.owner:
            kept.append(name)
    return replace(problem, needs=tuple(kept))


def _defaults_of(wanted: ObjectSet) -> dict[str, Declared | None]:
    """The plugin defaults of the namespaces that a set writes or removes."""
    changed: dict[str, Declared | None] = {
        removal.reference.namespace: None
        for removal in wanted.removals
        if removal.reference.kind == "namespace"
    }
    for member in wanted.members:
        if member.reference.kind == "namespace" and not has_unknown(member.spec):
            spec, _ = read(NamespaceSpec, member.spec)
            defaults = () if spec is None else spec.plugin_defaults or ()
            changed[member.reference.namespace] = stored(defaults)
    return changed


def _goings(
    tx: Connection, services: Services, tenant: str, removals: Sequence[Removal]
) -> Iterator[Going]:
    ordered = sorted(removals, key=lambda each: -KINDS.index(each.reference.kind))
    for kind, group in groupby(ordered, key=lambda each: each.reference.kind):
        each_kind = [*group]
        found = KIND[kind].find_many(
            tx, services, tenant, [removal.reference for removal in each_kind]
        )
        for removal in each_kind:
            yield Going(removal, found.get(removal.reference), [])


def _check_owner(
    reference: Reference, row: DeclaredRow | None, change: Change, problems: list[Problem]
) -> None:
    problem = foreign(str(reference), None if row is None else row.owner, change)
    if problem is not None:
        problems.append(problem)


def _token(tenant: str, drafts: tuple[Draft, ...], goings: tuple[Going, ...]) -> str:
    seen = {
        str(draft.reference): None if draft.previous is None else draft.previous.content_hash
        for draft in drafts
    }
    seen |= {
        str(going.reference): None if going.row is None else going.row.content_hash
        for going in goings
    }
    return canonical_hash([tenant, {**seen}])
