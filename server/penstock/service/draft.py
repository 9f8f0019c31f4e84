"""A member of a set between what was asked and what will be written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, TypedDict, TypeVar

from sqlalchemy import Connection

from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.model.provenance import Provenance
from penstock.service.change import Change
from penstock.service.form import DeclaredRow, as_text
from penstock.service.objectset import Member, Reference
from penstock.service.services import Reading, Services
from penstock.service.surroundings import Surroundings

R = TypeVar("R", bound=DeclaredRow)
Action = Literal["create", "update", "none", "delete"]


class Stamp(TypedDict):
    """The columns of every declared object."""

    tenant: str
    namespace: str
    owner: str
    revision: int
    content_hash: str
    created_at: datetime
    updated_at: datetime
    provenance: Provenance


@dataclass(slots=True)
class Draft:
    """What would be written for a member.

    `content_hash` is None while part of the spec is unknown; `reading` is a flow's text.
    """

    member: Member
    previous: DeclaredRow | None
    content_hash: str | None = None
    normalised: dict[str, Json] = field(default_factory=dict)
    reading: Reading | None = None
    problems: list[Problem] = field(default_factory=list)
    touches: tuple[str, ...] = ()
    """Flows that a namespace's plugin defaults change."""

    @property
    def reference(self) -> Reference:
        """Which object."""
        return self.member.reference

    @property
    def action(self) -> Action:
        """What writing it would do."""
        if self.previous is None:
            return "create"
        return "none" if self.content_hash == self.previous.content_hash else "update"

    def stamp(self, change: Change, now: datetime) -> Stamp:
        """What a row says of itself when the draft is written as the next revision."""
        assert self.content_hash is not None
        previous = self.previous
        return {
            "tenant": change.caller.tenant,
            "namespace": self.reference.namespace,
            "owner": change.owner,
            "revision": 1 if previous is None else previous.revision + 1,
            "content_hash": self.content_hash,
            "created_at": now if previous is None else previous.created_at,
            "updated_at": now,
            "provenance": change.provenance,
        }

    def add(self, problems: list[Problem]) -> None:
        """Adds findings, said of this member."""
        self.problems.extend(problem.of(str(self.reference)) for problem in problems)


class Kind(Protocol[R]):
    """What one kind of declared object has to say. There is one file per kind.

    A set goes through the methods for many; a kind that comes by the thousand has its own.
    """

    def find(
        self, tx: Connection, services: Services, tenant: str, reference: Reference
    ) -> R | None:
        """The stored object."""
        ...

    def draft(self, tx: Connection, services: Services, tenant: str, member: Member) -> Draft:
        """Reads and checks the spec by itself, without looking at other objects."""
        ...

    def find_many(
        self, tx: Connection, services: Services, tenant: str, references: Sequence[Reference]
    ) -> dict[Reference, R]:
        """Those of the objects that are stored."""
        found = {each: self.find(tx, services, tenant, each) for each in references}
        return {reference: row for reference, row in found.items() if row is not None}

    def draft_many(
        self,
        tx: Connection,
        services: Services,
        tenant: str,
        members: Sequence[Member],
        surroundings: Surroundings,
    ) -> list[Draft]:
        """The same as `draft` for many, in their order.

        `surroundings` are the plugin defaults as they would be with the set.
        """
        del surroundings
        return [self.draft(tx, services, tenant, member) for member in members]

    def write_many(
        self,
        tx: Connection,
        services: Services,
        change: Change,
        *,
        drafts: Sequence[Draft],
        now: datetime,
    ) -> list[R]:
        """The same as `write` for many, in their order."""
        return [self.write(tx, services, change, draft, now) for draft in drafts]

    def remove_many(self, tx: Connection, change: Change, rows: Sequence[R], now: datetime) -> None:
        """The same as `remove` for many."""
        for row in rows:
            self.remove(tx, change, row, now)

    def write(
        self, tx: Connection, services: Services, change: Change, draft: Draft, now: datetime
    ) -> R:
        """Stores a draft that differs from what is there, as a new revision."""
        ...

    def own(self, tx: Connection, change: Change, row: R, now: datetime) -> R:
        """Records another owner, without a new revision."""
        ...

    def remove(self, tx: Connection, change: Change, row: R, now: datetime) -> None:
        """Takes the object away."""
        ...

    def form(self, tx: Connection, services: Services, row: R) -> dict[str, Json]:
        """The API's read form."""
        ...

    def text(self, services: Services, row: R) -> str:
        """The text that a diff compares."""
        ...

    def draft_text(self, draft: Draft) -> str:
        """The same of a draft: its spec as indented JSON, unless the kind says otherwise."""
        return as_text(draft.normalised or draft.member.spec)

    def page(
        self,
        tx: Connection,
        services: Services,
        tenant: str,
        *,
        namespace: str | None,
        after: tuple[str, ...] | None,
        limit: int,
    ) -> list[R]:
        """Stored objects in order."""
        ...
