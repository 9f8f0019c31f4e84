"""Flows, as members of a set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast

from sqlalchemy import Connection

from penstock.model.flow import Flow, content_hash
from penstock.model.frozen import Json
from penstock.model.problem import Problem, Severity
from penstock.service import form
from penstock.service.change import Change
from penstock.service.draft import Draft, Kind
from penstock.service.objectset import Member, Reference
from penstock.service.services import Reading, Services
from penstock.service.spec import FlowSpec, has_all, read
from penstock.service.surroundings import Surroundings
from penstock.service.timetable import entries_of
from penstock.service.timing import timed
from penstock.service.trigger_rows import rows_of
from penstock.store import flow as store
from penstock.store import timetable
from penstock.store import trigger as triggers
from penstock.store.flow import FlowRow
from penstock.store.flow_reference import FlowReference

_PAGE = 500


class FlowKind(Kind[FlowRow]):
    """See `penstock.service.draft.Kind`."""

    def find(
        self, tx: Connection, services: Services, tenant: str, reference: Reference
    ) -> FlowRow | None:
        """The stored flow."""
        del services
        return store.find(tx, tenant, reference.namespace, reference.id)

    def find_many(
        self, tx: Connection, services: Services, tenant: str, references: Sequence[Reference]
    ) -> dict[Reference, FlowRow]:
        """Those of the flows that are stored."""
        del services
        found = store.find_many(tx, tenant, [(each.namespace, each.id) for each in references])
        return {Reference("flow", *key): row for key, row in found.items()}

    def draft(self, tx: Connection, services: Services, tenant: str, member: Member) -> Draft:
        """Reads the text; its id and namespace must be those of its address."""
        surroundings = services.defaults.read(tx, tenant)
        return self.draft_many(tx, services, tenant, [member], surroundings)[0]

    def draft_many(
        self,
        tx: Connection,
        services: Services,
        tenant: str,
        members: Sequence[Member],
        surroundings: Surroundings,
    ) -> list[Draft]:
        """The same for many."""
        found = self.find_many(tx, services, tenant, [member.reference for member in members])
        return [
            _draft(services, member, found.get(member.reference), surroundings)
            for member in members
        ]

    def write(
        self, tx: Connection, services: Services, change: Change, draft: Draft, now: datetime
    ) -> FlowRow:
        """Stores the text as a new revision, its references and its triggers' timetable."""
        return self.write_many(tx, services, change, drafts=[draft], now=now)[0]

    def write_many(
        self,
        tx: Connection,
        services: Services,
        change: Change,
        *,
        drafts: Sequence[Draft],
        now: datetime,
    ) -> list[FlowRow]:
        """The same for many."""
        del services
        tenant = change.caller.tenant
        keys = [(draft.reference.namespace, draft.reference.id) for draft in drafts]
        numbers = store.next_revisions(tx, tenant, keys)
        written = [
            (_row(change, draft, numbers[key], now), _reading(draft))
            for key, draft in zip(keys, drafts, strict=True)
        ]
        store.put_many(tx, tenant, [(row, references_of(reading)) for row, reading in written])
        _put_triggers(tx, tenant, [_flow(reading) for _, reading in written], now)
        return [row for row, _ in written]

    def own(self, tx: Connection, change: Change, row: FlowRow, now: datetime) -> FlowRow:
        """Records another owner."""
        owned = replace(row, owner=change.owner, updated_at=now)
        store.set_owner(tx, owned)
        return owned

    def remove(self, tx: Connection, change: Change, row: FlowRow, now: datetime) -> None:
        """Takes it away and leaves a tombstone among its revisions."""
        self.remove_many(tx, change, [row], now)

    def remove_many(
        self, tx: Connection, change: Change, rows: Sequence[FlowRow], now: datetime
    ) -> None:
        """The same for many."""
        tenant, keys = change.caller.tenant, [(row.namespace, row.id) for row in rows]
        timetable.remove_of_flows(tx, tenant, keys)
        triggers.remove_of_flows(tx, tenant, keys)
        numbers = store.next_revisions(tx, tenant, keys)
        tombstones = [
            replace(
                row,
                revision=numbers[row.namespace, row.id],
                owner=change.owner,
                provenance=change.provenance,
                updated_at=now,
            )
            for row in rows
        ]
        store.delete_many(tx, tenant, tombstones)

    def form(self, tx: Connection, services: Services, row: FlowRow) -> dict[str, Json]:
        """The API's read form; `warnings` are those of the text itself."""
        del tx, services
        return {
            **form.declared("flow", row),
            "id": row.id,
            "source": row.source,
            "description": row.description,
            "disabled": row.disabled,
            "labels": {**row.labels},
            "warnings": row.warnings,
        }

    def text(self, services: Services, row: FlowRow) -> str:
        """The text as written."""
        del services
        return row.source

    def draft_text(self, draft: Draft) -> str:
        """The text as written."""
        source = draft.member.spec.get("source")
        return source if isinstance(source, str) else ""

    def page(
        self,
        tx: Connection,
        services: Services,
        tenant: str,
        *,
        namespace: str | None,
        after: tuple[str, ...] | None,
        limit: int,
    ) -> list[FlowRow]:
        """Stored flows by namespace and id."""
        del services
        return store.page(tx, tenant, namespace=namespace, after=after, limit=limit)


def retime(
    tx: Connection, services: Services, tenant: str, namespace: str, *, now: datetime
) -> None:
    """The timetable anew for the flows below a namespace: its plugin defaults have changed."""
    surroundings = services.defaults.read(tx, tenant)
    found = (
        services.parses.get(row.source, row.content_hash, surroundings.of(row.namespace)).flow
        for row in below(tx, tenant, namespace)
    )
    _put_triggers(tx, tenant, [flow for flow in found if flow is not None], now)


def below(tx: Connection, tenant: str, namespace: str) -> Iterator[FlowRow]:
    """Every stored flow of a namespace and of those below it."""
    after: tuple[str, ...] | None = None
    while page := store.page(tx, tenant, namespace=namespace, after=after, limit=_PAGE):
        yield from page
        after = (page[-1].namespace, page[-1].id)


def _put_triggers(tx: Connection, tenant: str, flows: Sequence[Flow], now: datetime) -> None:
    rows = {(flow.namespace, flow.id): rows_of(tenant, flow, now) for flow in flows}
    triggers.declare(tx, tenant, rows)
    before = timetable.of_flows(tx, tenant, [(flow.namespace, flow.id) for flow in flows])
    timetable.remove_of_flows(tx, tenant, before)
    timetable.insert(
        tx,
        [
            entry
            for flow in flows
            for entry in timed(
                entries_of(tenant, flow), before.get((flow.namespace, flow.id), ()), now
            )
        ],
    )


def references_of(reading: Reading) -> list[FlowReference]:
    """What the flow's text refers to by literal names."""
    flow, found = reading.flow, reading.references
    if flow is None:
        return []
    return [
        *(
            FlowReference(flow.namespace, flow.id, "flow", each.namespace, each.id)
            for each in found.subflows
        ),
        *(
            FlowReference(
                flow.namespace, flow.id, "secret", each.namespace or flow.namespace, each.key
            )
            for each in found.secrets
        ),
        *(
            FlowReference(flow.namespace, flow.id, each.kind, each.namespace, each.id)
            for each in found.uses
            if each.kind in ("kv", "file")
        ),
    ]


def _draft(
    services: Services, member: Member, previous: FlowRow | None, surroundings: Surroundings
) -> Draft:
    draft = Draft(member, previous)
    draft.add(member.reference.problems())
    spec, problems = read(FlowSpec, member.spec)
    draft.add(problems)
    if spec is None or not has_all(FlowSpec, member.spec):
        return draft
    inherited = surroundings.of(member.reference.namespace)
    draft.content_hash = content_hash(spec.source)
    draft.reading = services.parses.get(spec.source, draft.content_hash, inherited)
    parsed = draft.reading.parsed
    draft.add(list(parsed.problems))
    identity = parsed.identity
    wanted = (member.reference.namespace, member.reference.id)
    if identity is not None:
        draft.normalised = {"namespace": identity[0], "id": identity[1]}
        if identity != wanted:
            draft.add([_misnamed(draft, identity, wanted)])
    return draft


def _reading(draft: Draft) -> Reading:
    assert draft.reading is not None
    return draft.reading


def _flow(reading: Reading) -> Flow:
    assert reading.flow is not None
    return reading.flow


def _row(change: Change, draft: Draft, revision: int, now: datetime) -> FlowRow:
    reading, previous = _reading(draft), draft.previous
    flow, source = _flow(reading), str(draft.member.spec["source"])
    return FlowRow(
        tenant=change.caller.tenant,
        namespace=flow.namespace,
        id=flow.id,
        revision=revision,
        content_hash=draft.content_hash or content_hash(source),
        source=source,
        owner=change.owner,
        created_at=now if previous is None else previous.created_at,
        updated_at=now,
        provenance=change.provenance,
        disabled=flow.disabled,
        description=flow.description,
        labels=flow.labels,
        warnings=[cast("Json", problem.to_json()) for problem in reading.parsed.warnings],
    )


def _misnamed(draft: Draft, identity: tuple[str, str], wanted: tuple[str, str]) -> Problem:
    path = "namespace" if identity[0] != wanted[0] else "id"
    place = draft.reading.place(path) if draft.reading is not None else None
    line, column = place or (None, None)
    return Problem(
        f"The text is the flow {identity[0]}/{identity[1]}, "
        f"but it was sent as {wanted[0]}/{wanted[1]}.",
        path=path,
        line=line,
        column=column,
        code="identity-mismatch",
        hint="Make the two the same.",
        severity=Severity.ERROR,
    )
