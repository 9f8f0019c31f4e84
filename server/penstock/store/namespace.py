"""Namespaces: what flows below them inherit."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select
from sqlmodel import Field

from penstock.model.frozen import Json
from penstock.model.provenance import Provenance
from penstock.store.bulk import table_of
from penstock.store.column import JsonText
from penstock.store.declared import Declared, DeclaredTable, ancestors


class NamespaceTable(Declared, table=True):
    """A namespace's description, variables, labels, and whose flows may use it."""

    __tablename__ = "namespace"  # pyrefly: ignore[bad-override] - as SQLModel documents it

    description: str | None = None
    variables: dict[str, Json] = Field(sa_type=JsonText)
    labels: dict[str, str] = Field(sa_type=JsonText)
    allowed_namespaces: list[str] | None = Field(default=None, sa_type=JsonText, nullable=True)
    plugin_defaults: list[dict[str, Json]] | None = Field(
        default=None, sa_type=JsonText, nullable=True
    )


_namespace = table_of(NamespaceTable)


@dataclass(frozen=True, slots=True)
class NamespaceRow:
    """A declared namespace as stored."""

    tenant: str
    namespace: str
    owner: str
    revision: int
    content_hash: str
    created_at: datetime
    updated_at: datetime
    provenance: Provenance = field(default_factory=Provenance)
    description: str | None = None
    variables: dict[str, Json] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    allowed_namespaces: list[str] | None = None
    plugin_defaults: list[dict[str, Json]] | None = None


ROWS = DeclaredTable(_namespace, NamespaceRow)
# As functions of the module, as in the other files of this package.
find, page, put = ROWS.find, ROWS.page, ROWS.put


def variables(tx: Connection, tenant: str, namespace: str) -> dict[str, Json]:
    """What ``namespace.*`` shows to expressions: inherited downward, the nearest wins."""
    chain = ancestors(namespace)
    rows = tx.execute(
        select(_namespace.c.namespace, _namespace.c.variables).where(
            _namespace.c.tenant == tenant, _namespace.c.namespace.in_(chain)
        )
    )
    found = {row.namespace: row.variables for row in rows}
    merged: dict[str, Json] = {}
    for name in reversed(chain):
        merged.update(found.get(name) or {})
    return merged


@dataclass(frozen=True, slots=True)
class About:
    """What a namespace says of itself: labels are inherited downward, the description is not."""

    description: str | None
    labels: dict[str, str]


def about(tx: Connection, tenant: str, namespace: str) -> About:
    """The namespace's own description, and its labels with those from above."""
    chain = ancestors(namespace)
    rows = tx.execute(
        select(_namespace.c.namespace, _namespace.c.description, _namespace.c.labels).where(
            _namespace.c.tenant == tenant, _namespace.c.namespace.in_(chain)
        )
    )
    found = {row.namespace: row for row in rows}
    labels: dict[str, str] = {}
    for name in reversed(chain):
        if name in found:
            labels.update(found[name].labels or {})
    return About(found[namespace].description if namespace in found else None, labels)


def allowed(tx: Connection, tenant: str, namespace: str) -> list[str] | None:
    """Whose flows may use the namespace: its own list or the nearest above; None without one."""
    chain = ancestors(namespace)
    rows = tx.execute(
        select(_namespace.c.namespace, _namespace.c.allowed_namespaces).where(
            _namespace.c.tenant == tenant, _namespace.c.namespace.in_(chain)
        )
    )
    found = {row.namespace: row.allowed_namespaces for row in rows}
    return next((found[name] for name in chain if found.get(name) is not None), None)


def plugin_defaults(tx: Connection, tenant: str) -> dict[str, list[dict[str, Json]]]:
    """The plugin defaults of every namespace that has some."""
    rows = tx.execute(
        select(_namespace.c.namespace, _namespace.c.plugin_defaults).where(
            _namespace.c.tenant == tenant, _namespace.c.plugin_defaults.is_not(None)
        )
    )
    return {row.namespace: row.plugin_defaults for row in rows if row.plugin_defaults}
