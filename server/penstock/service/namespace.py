"""Namespaces, as members of a set."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from penstock.model.frozen import Json
from penstock.service import form
from penstock.service.change import Change
from penstock.service.draft import Draft
from penstock.service.flow import retime
from penstock.service.form import as_text
from penstock.service.objectset import Member, canonical_hash
from penstock.service.services import Services
from penstock.service.spec import NamespaceSpec, has_all, read
from penstock.service.surroundings import stored
from penstock.service.table_kind import TableKind
from penstock.store import namespace as rows
from penstock.store.namespace import NamespaceRow


class NamespaceKind(TableKind[NamespaceRow]):
    """See `penstock.service.draft.Kind`."""

    table = rows.ROWS

    def draft(self, tx: Connection, services: Services, tenant: str, member: Member) -> Draft:
        """The spec, filled up with its defaults."""
        draft = Draft(member, self.find(tx, services, tenant, member.reference))
        draft.add(member.reference.problems())
        spec, problems = read(NamespaceSpec, member.spec)
        draft.add(problems)
        if spec is not None and has_all(NamespaceSpec, member.spec):
            written = spec.model_dump(mode="json", by_alias=True)
            written["pluginDefaults"] = stored(spec.plugin_defaults or ()) or None
            draft.normalised = _written(written)
            draft.content_hash = canonical_hash(draft.normalised)
        return draft

    def write(
        self, tx: Connection, services: Services, change: Change, draft: Draft, now: datetime
    ) -> NamespaceRow:
        """Stores it."""
        spec = NamespaceSpec.model_validate(draft.member.spec)
        row = NamespaceRow(
            **draft.stamp(change, now),
            description=spec.description,
            variables=spec.variables,
            labels=spec.labels,
            allowed_namespaces=spec.allowed_namespaces,
            plugin_defaults=stored(spec.plugin_defaults or ()) or None,
        )
        rows.put(tx, row)
        previous = draft.previous
        before = previous.plugin_defaults if isinstance(previous, NamespaceRow) else None
        if before != row.plugin_defaults:
            retime(tx, services, row.tenant, row.namespace, now=now)
        return row

    def form(self, tx: Connection, services: Services, row: NamespaceRow) -> dict[str, Json]:
        """The API's read form."""
        del tx, services
        return {**form.declared("namespace", row), **spec_of(row)}

    def text(self, services: Services, row: NamespaceRow) -> str:
        """The spec as indented JSON."""
        del services
        return as_text(spec_of(row))


def spec_of(row: NamespaceRow) -> dict[str, Json]:
    """The spec that a stored namespace was written with."""
    allowed, defaults = row.allowed_namespaces, row.plugin_defaults
    return _written(
        {
            "description": row.description,
            "variables": row.variables,
            "labels": {**row.labels},
            "allowedNamespaces": None if allowed is None else [*allowed],
            "pluginDefaults": None if defaults is None else [*defaults],
        }
    )


def _written(spec: dict[str, Json]) -> dict[str, Json]:
    """Without what came later and is not used: the content of older namespaces stays the same."""
    return {name: value for name, value in spec.items() if value is not None or name not in _LATER}


_LATER = frozenset({"allowedNamespaces", "pluginDefaults"})
