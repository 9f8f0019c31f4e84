"""Flows, as members of a set."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import cast

from sqlalchemy import Connection

from penstock.model.flow import Flow, content_hash
from penstock.model.frozen import Json
from penstock.model.problem import Problem, Severity
from penstock.plugins.core.trigger.schedule import Schedule
from penstock.service import form
from penstock.service.change import Change
from penstock.service.draft import Draft
from penstock.service.objectset import Member, Reference
from penstock.service.services import Reading, Services
from penstock.service.spec import FlowSpec, has_all, read
from penstock.service.timing import timed
from penstock.store import flow as rows
from penstock.store import timetable
from penstock.store.flow import FlowReference, FlowRow
from penstock.store.timetable import TimetableEntry


class FlowKind:
    """See `penstock.service.draft.Kind`."""

    def find(
        self, tx: Connection, services: Services, tenant: str, reference: Reference
    ) -> FlowRow | None:
        """The stored flow."""
        del services
        return rows.find(tx, tenant, reference.namespace, reference.id)

    def draft(self, tx: Connection, services: Services, tenant: str, member: Member) -> Draft:
        """Reads the text; its id and namespace must be those of its address."""
        draft = Draft(member, self.find(tx, services, tenant, member.reference))
        draft.add(member.reference.problems())
        spec, problems = read(FlowSpec, member.spec)
        draft.add(problems)
        if spec is None or not has_all(FlowSpec, member.spec):
            return draft
        draft.reading = services.parses.get(spec.source)
        parsed = draft.reading.parsed
        draft.content_hash = content_hash(spec.source)
        draft.add(list(parsed.problems))
        identity = parsed.identity
        wanted = (member.reference.namespace, member.reference.id)
        if identity is not None:
            draft.normalised = {"namespace": identity[0], "id": identity[1]}
            if identity != wanted:
                draft.add([_misnamed(draft, identity, wanted)])
        return draft

    def write(
        self, tx: Connection, services: Services, change: Change, draft: Draft, now: datetime
    ) -> FlowRow:
        """Stores the text as a new revision, its references and its triggers' timetable."""
        del services
        reading = draft.reading
        assert reading is not None
        flow = reading.flow
        assert flow is not None
        previous, tenant = draft.previous, change.caller.tenant
        source = str(draft.member.spec["source"])
        row = FlowRow(
            tenant=tenant,
            namespace=flow.namespace,
            id=flow.id,
            revision=rows.next_revision(tx, tenant, flow.namespace, flow.id),
            content_hash=content_hash(source),
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
        rows.put(tx, row, references_of(reading))
        before = timetable.find(tx, tenant, "trigger", flow.namespace, flow.id)
        timetable.remove(tx, tenant, "trigger", flow.namespace, flow.id)
        timetable.replace(tx, tenant, timed(_entries(tenant, flow), before, now))
        return row

    def own(self, tx: Connection, change: Change, row: FlowRow, now: datetime) -> FlowRow:
        """Records another owner."""
        owned = replace(row, owner=change.owner, updated_at=now)
        rows.set_owner(tx, owned)
        return owned

    def remove(self, tx: Connection, change: Change, row: FlowRow, now: datetime) -> None:
        """Takes it away and leaves a tombstone among its revisions."""
        timetable.remove(tx, row.tenant, "trigger", row.namespace, row.id)
        tombstone = replace(
            row,
            revision=rows.next_revision(tx, row.tenant, row.namespace, row.id),
            owner=change.owner,
            provenance=change.provenance,
            updated_at=now,
        )
        rows.delete(tx, tombstone)

    def form(self, tx: Connection, services: Services, row: FlowRow) -> dict[str, Json]:
        """The API's read form; `warnings` are those of the text itself."""
        del tx, services
        return {
            **form.declared(Reference("flow", row.namespace, row.id), row),
            "id": row.id,
            "source": row.source,
            "description": row.description,
            "disabled": row.disabled,
            "labels": {**row.labels},
            "warnings": row.warnings,
        }

    def text(self, row: FlowRow) -> str:
        """The text as written."""
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
        return rows.page(tx, tenant, namespace=namespace, after=after, limit=limit)


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
    ]


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


def _entries(tenant: str, flow: Flow) -> list[TimetableEntry]:
    return [
        TimetableEntry(
            kind="trigger",
            tenant=tenant,
            namespace=flow.namespace,
            flow_id=flow.id,
            id=trigger.id,
            cron=trigger.cron,
            timezone=trigger.timezone,
            inputs=trigger.inputs or {},
            labels=trigger.labels or {},
            disabled=trigger.disabled or flow.disabled,
            missed=trigger.recover_missed_schedules.value,
            late_maximum_seconds=None
            if trigger.late_maximum_delay is None
            else trigger.late_maximum_delay.total_seconds(),
        )
        for trigger in flow.triggers
        if isinstance(trigger, Schedule)
    ]
