"""What namespaces would say once a set is written."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from penstock.model.frozen import Json
from penstock.service.draft import Draft
from penstock.service.isolation import EVERYBODY, is_within
from penstock.service.namespace import spec_of
from penstock.service.objectset import Reference, has_unknown
from penstock.service.services import Services
from penstock.service.spec import NamespaceSpec, read
from penstock.store import namespace as rows
from penstock.store.declared import ancestors
from penstock.store.namespace import NamespaceRow

_MOST = 10_000


class Namespaces:
    """The declared namespaces: stored, less what the set removes, plus what it writes."""

    def __init__(
        self,
        tx: Connection,
        services: Services,
        tenant: str,
        *,
        drafts: Iterable[Draft],
        removed: Iterable[Reference],
    ) -> None:
        self._tx = tx
        self._services = services
        self._tenant = tenant
        self._drafts = {
            draft.reference.namespace: draft
            for draft in drafts
            if draft.reference.kind == "namespace"
        }
        self._removed = {each.namespace for each in removed if each.kind == "namespace"}
        self._variables: dict[str, dict[str, Json]] = {}
        self._rows: dict[str, NamespaceRow | None] = {}

    def variables(self, namespace: str) -> dict[str, Json]:
        """What ``namespace.*`` would show to the flows of a namespace; with a key `$unknown` when
        it is not known which variables there are.
        """
        known = self._variables.get(namespace)
        if known is not None:
            return known
        merged: dict[str, Json] = {}
        for name in reversed(ancestors(namespace)):
            draft = self._drafts.get(name)
            if draft is not None:
                written = draft.member.spec.get("variables")
            else:
                row = self._row(name)
                written = None if row is None else row.variables
            if isinstance(written, dict):
                merged.update(written)
        self._variables[namespace] = merged
        return merged

    def with_variables(self, *, below: str) -> list[tuple[str, Json]]:
        """A namespace and those below it, with the variables that each would declare."""
        stored = rows.page(self._tx, self._tenant, namespace=below, limit=_MOST)
        found: dict[str, Json] = {
            row.namespace: row.variables for row in stored if row.namespace not in self._removed
        }
        for name, draft in self._drafts.items():
            if is_within(name, below):
                found[name] = draft.member.spec.get("variables")
        return sorted(found.items())

    def spec(self, namespace: str) -> NamespaceSpec | None:
        """What a namespace would say; None when it is not declared."""
        draft = self._drafts.get(namespace)
        if draft is not None:
            return read(NamespaceSpec, draft.member.spec)[0]
        row = self._row(namespace)
        return None if row is None else NamespaceSpec.model_validate(spec_of(row))

    def allows(self, user: str, target: str) -> bool:
        """Whether flows of `user` may use what is in `target`."""
        listed = (self._list(name) for name in ancestors(target))
        nearest = next((each for each in listed if each is not None), None)
        return self._services.isolation.allows(user, target, nearest)

    def _list(self, namespace: str) -> list[str] | None:
        """The namespaces whose flows may use this one, where it says so itself."""
        draft = self._drafts.get(namespace)
        if draft is not None:
            return _list_of(draft)
        row = self._row(namespace)
        return None if row is None else row.allowed_namespaces

    def _row(self, namespace: str) -> NamespaceRow | None:
        """A namespace as stored, unless it is removed."""
        if namespace in self._removed:
            return None
        if namespace not in self._rows:
            self._rows[namespace] = rows.find(self._tx, self._tenant, namespace)
        return self._rows[namespace]


def _list_of(draft: Draft) -> list[str] | None:
    """The list of a namespace of the set; nothing is held against one that is not known yet."""
    listed = draft.member.spec.get("allowedNamespaces")
    if has_unknown(listed):
        return [EVERYBODY]
    if not isinstance(listed, list):
        return None
    return [each for each in listed if isinstance(each, str)]
