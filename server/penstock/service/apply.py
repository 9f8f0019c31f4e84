"""Writes a set: one transaction, all or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from penstock.errors import (
    Conflict,
    ForeignOwner,
    InUse,
    InvalidObject,
    NotFound,
)
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.service.change import Change
from penstock.service.draft import Action, Draft
from penstock.service.examination import Examination, Going, examine, warm
from penstock.service.file import store_contents
from penstock.service.flow import retime
from penstock.service.form import DeclaredRow
from penstock.service.guard import check_absent, check_match, check_there
from penstock.service.kind import KIND
from penstock.service.objectset import KEYED, Member, ObjectSet, Reference, Removal
from penstock.service.services import Services
from penstock.store import audit
from penstock.store.namespace import NamespaceRow


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one member; `object` is its full read form, None when it is gone."""

    reference: Reference
    action: Action
    revision: int
    content_hash: str
    object: dict[str, Json] | None

    def to_json(self) -> dict[str, Json]:
        """The API's form."""
        return {
            "ref": str(self.reference),
            **self.reference.to_json(),
            "action": self.action,
            "revision": self.revision,
            "contentHash": self.content_hash,
            "object": self.object,
        }


@dataclass(frozen=True, slots=True)
class Applied:
    """The outcome of a set."""

    objects: tuple[Written, ...]
    warnings: tuple[Problem, ...]

    def to_json(self) -> dict[str, Json]:
        """The API's form."""
        return {
            "objects": [written.to_json() for written in self.objects],
            "warnings": [{**problem.to_json()} for problem in self.warnings],
        }


def apply(services: Services, change: Change, wanted: ObjectSet) -> Applied:
    """Writes the set, or raises and leaves nothing half-written.

    Raises:
        InvalidObject: a member does not hold; `problems` say which and where.
        PreconditionFailed: a lost If-Match race.
        ForeignOwner: a member is declared by another owner.
        InUse: something that stays still needs what shall go.
        Conflict: the plan's token is of an older state.
    """
    warm(services, change.caller.tenant, wanted)
    wanted = store_contents(services, change.caller.tenant, wanted)
    now = services.now()
    try:
        with services.database.transaction() as tx:
            check_there(tx, change.caller)
            seen = examine(tx, services, change, wanted)
            _check(seen, wanted)
            applied = _write(tx, services, change, seen, now)
    except IntegrityError as error:
        if "unique" not in str(error.orig).lower():
            raise
        # Only where several servers write to one database: this one came second.
        raise Conflict(
            "Another server changed one of these objects at the same moment.",
            hint="Send it again.",
        ) from None
    if any(written.action != "none" for written in applied.objects):
        services.changed(any(_may_fire(draft) for draft in seen.drafts))
    return applied


def put(services: Services, change: Change, member: Member) -> tuple[Written, tuple[Problem, ...]]:
    """Creates or replaces one object."""
    applied = apply(services, change, ObjectSet((member,)))
    return applied.objects[0], applied.warnings


def delete(services: Services, change: Change, removal: Removal) -> None:
    """Removes one object. Raises `NotFound` when it is not there."""
    with services.database.read() as tx:
        kind = KIND[removal.reference.kind]
        if kind.find(tx, services, change.caller.tenant, removal.reference) is None:
            raise NotFound(f"There is no {removal.reference}.")
    apply(services, change, ObjectSet(removals=(removal,)))


def _may_fire(draft: Draft) -> bool:
    """Whether something may come due earlier than before; what goes only makes a wait idle."""
    flow = None if draft.reading is None else draft.reading.flow
    return draft.reference.kind == "schedule" or (flow is not None and bool(flow.triggers))


def _check(seen: Examination, wanted: ObjectSet) -> None:
    """In the order of what helps most: a lost race explains everything else."""
    for draft in seen.drafts:
        member = draft.member
        # What is there already needs no condition (RFC 9110, 13.1.1): the answer to the call
        # that wrote it was lost, and the caller repeats it.
        if draft.action != "none":
            _check_match(member.reference, draft.previous, member.if_match)
        if member.if_none_match and draft.previous is not None:
            check_absent(str(member.reference), draft.previous.content_hash)
    for going in seen.goings:
        _check_match(going.reference, going.row, going.removal.if_match)
    if wanted.plan_token is not None and wanted.plan_token != seen.plan_token:
        raise Conflict(
            "The objects of this set changed since the plan was made.", hint="Plan again."
        )
    problems = [problem for problem in seen.problems if problem.is_error]
    for code, error in (("foreign-owner", ForeignOwner), ("in-use", InUse)):
        found = [problem for problem in problems if problem.code == code]
        if found:
            raise error(_headline(found), problems=found, hint=found[0].hint)
    problems += [_not_known(draft) for draft in seen.drafts if _is_unfinished(draft)]
    if problems:
        raise InvalidObject(_headline(problems), problems=problems, hint=problems[0].hint)


def _check_match(reference: Reference, row: DeclaredRow | None, match: str | None) -> None:
    check_match(str(reference), None if row is None else row.content_hash, match)


def _headline(problems: list[Problem]) -> str:
    first = problems[0]
    more = f" ({len(problems) - 1} more)" if len(problems) > 1 else ""
    place = f" (line {first.line}, column {first.column})" if first.line else ""
    return f"{first.message}{place}{more}"


def _is_unfinished(draft: Draft) -> bool:
    return draft.content_hash is None and not any(each.is_error for each in draft.problems)


def _not_known(draft: Draft) -> Problem:
    missing = "value" if draft.reference.kind in KEYED else "spec"
    return Problem(
        f"The {missing} of {draft.reference} is not known.",
        path=missing,
        code="unknown-value",
        hint="Only a plan may leave values open.",
        object=str(draft.reference),
    )


def _write(
    tx: Connection, services: Services, change: Change, seen: Examination, now: datetime
) -> Applied:
    records: list[audit.AuditRecord] = []
    written: list[Written] = []
    for kind, group in groupby(seen.goings, key=lambda going: going.reference.kind):
        goings = [*group]
        there = [going.row for going in goings if going.row is not None]
        if there:
            KIND[kind].remove_many(tx, change, there, now)
        written += [_removed(change, going, now=now, records=records) for going in goings]
    for row in (going.row for going in seen.goings):
        if isinstance(row, NamespaceRow) and row.plugin_defaults:
            retime(tx, services, row.tenant, row.namespace, now=now)
    for kind, group in groupby(seen.drafts, key=lambda draft: draft.reference.kind):
        drafts = [*group]
        changed = [draft for draft in drafts if draft.action != "none"]
        rows = (
            KIND[kind].write_many(tx, services, change, drafts=changed, now=now) if changed else []
        )
        new = {draft.reference: row for draft, row in zip(changed, rows, strict=True)}
        written += [
            _written(
                tx,
                services,
                change,
                draft=draft,
                row=new.get(draft.reference),
                now=now,
                records=records,
            )
            for draft in drafts
        ]
    if records:
        audit.append_many(tx, records)
    warnings = tuple(problem for problem in seen.problems if not problem.is_error)
    return Applied(tuple(written), warnings)


def _written(
    tx: Connection,
    services: Services,
    change: Change,
    *,
    draft: Draft,
    row: DeclaredRow | None,
    now: datetime,
    records: list[audit.AuditRecord],
) -> Written:
    kind, reference, previous = KIND[draft.reference.kind], draft.reference, draft.previous
    action = draft.action
    taken = previous is not None and previous.owner != change.owner
    if row is None and taken:
        row, action = kind.own(tx, change, previous, now), "update"
    row = row or previous
    assert row is not None
    if action != "none":
        records.append(
            change.audit(
                f"{reference.kind}.{action}",
                str(reference),
                at=now,
                before=None if previous is None else previous.content_hash,
                after=row.content_hash,
                detail={"takenOverFrom": previous.owner} if taken and previous else None,
            )
        )
    form = kind.form(tx, services, row)
    if reference.kind == "flow":
        # Those of the moment, between objects, too: only the writer is told.
        form["warnings"] = [
            {**problem.to_json()} for problem in draft.problems if not problem.is_error
        ]
    return Written(reference, action, row.revision, row.content_hash, form)


def _removed(
    change: Change,
    going: Going,
    *,
    now: datetime,
    records: list[audit.AuditRecord],
) -> Written:
    row = going.row
    if row is None:
        return Written(going.reference, "none", 0, "", None)
    taken = row.owner != change.owner
    records.append(
        change.audit(
            f"{going.reference.kind}.delete",
            str(going.reference),
            at=now,
            before=row.content_hash,
            detail={"takenOverFrom": row.owner} if taken else None,
        )
    )
    return Written(going.reference, "delete", row.revision, row.content_hash, None)
