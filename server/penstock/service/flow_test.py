"""Tests of flows, as members of a set."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from penstock.language.flow_test import ParsedSuite, parse_suite
from penstock.model.flow import content_hash
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.service import form
from penstock.service.change import Change
from penstock.service.draft import Draft
from penstock.service.objectset import Member
from penstock.service.services import Services
from penstock.service.spec import FlowTestSpec, has_all, read
from penstock.service.table_kind import TableKind
from penstock.store import flow_test as rows
from penstock.store.flow_test import FlowTestRow


class FlowTestKind(TableKind[FlowTestRow]):
    """See `penstock.service.draft.Kind`. Results stay when a suite goes."""

    table = rows.ROWS

    def draft(self, tx: Connection, services: Services, tenant: str, member: Member) -> Draft:
        """Reads the text; its id and namespace must be those of its address."""
        draft = Draft(member, self.find(tx, services, tenant, member.reference))
        draft.add(member.reference.problems())
        spec, problems = read(FlowTestSpec, member.spec)
        draft.add(problems)
        if spec is None or not has_all(FlowTestSpec, member.spec):
            return draft
        parsed = parse_suite(spec.source)
        draft.content_hash = content_hash(spec.source)
        draft.add(list(parsed.problems))
        wanted = (member.reference.namespace, member.reference.id)
        if parsed.identity is not None:
            draft.normalised = {"namespace": parsed.identity[0], "id": parsed.identity[1]}
            if parsed.identity != wanted:
                draft.add([_misnamed(parsed, wanted)])
        return draft

    def write(
        self, tx: Connection, services: Services, change: Change, draft: Draft, now: datetime
    ) -> FlowTestRow:
        """Stores the text."""
        del services
        source = str(draft.member.spec["source"])
        suite = parse_suite(source).suite
        assert suite is not None
        row = FlowTestRow(
            **draft.stamp(change, now),
            id=draft.reference.id,
            flow_id=suite.flow_id,
            source=source,
            description=suite.description,
        )
        rows.put(tx, row)
        return row

    def form(self, tx: Connection, services: Services, row: FlowTestRow) -> dict[str, Json]:
        """The API's read form."""
        del tx, services
        return {
            **form.declared("test", row),
            "id": row.id,
            "flowId": row.flow_id,
            "source": row.source,
            "description": row.description,
        }

    def text(self, services: Services, row: FlowTestRow) -> str:
        """The text as written."""
        del services
        return row.source

    def draft_text(self, draft: Draft) -> str:
        """The text as written."""
        source = draft.member.spec.get("source")
        return source if isinstance(source, str) else ""


def _misnamed(parsed: ParsedSuite, wanted: tuple[str, str]) -> Problem:
    assert parsed.identity is not None
    path = "namespace" if parsed.identity[0] != wanted[0] else "id"
    return parsed.problem(
        f"The text is the test {'/'.join(parsed.identity)}, but it was sent as {'/'.join(wanted)}.",
        (path,),
        code="identity-mismatch",
        hint="Make the two the same.",
    )
