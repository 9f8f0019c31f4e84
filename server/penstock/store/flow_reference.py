"""What each flow's present text refers to, to find who needs an object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select
from sqlmodel import Field, SQLModel

from penstock.store.bulk import Upsert, table_of
from penstock.store.declared import Key, below, by_namespace


class FlowReferenceTable(SQLModel, table=True):
    """A literal reference in a flow's present text: a subflow, a secret, or what it uses of a
    namespace that it names.
    """

    __tablename__ = "flow_reference"  # pyrefly: ignore[bad-override] - as SQLModel documents it

    tenant: str = Field(primary_key=True, max_length=100)
    namespace: str = Field(primary_key=True, max_length=150)
    flow_id: str = Field(primary_key=True, max_length=100)
    number: int = Field(primary_key=True)
    kind: str
    target_namespace: str
    target_id: str = Field(index=True)


_reference = table_of(FlowReferenceTable)
_REFER = Upsert(
    FlowReferenceTable,
    ("tenant", "namespace", "flow_id", "number", "kind", "target_namespace", "target_id"),
    key=(),
)


_tenant, _namespace = bindparam("tenant"), bindparam("namespace")
_names = bindparam("names", expanding=True)
_ordered = select(_reference).order_by(_reference.c.namespace, _reference.c.flow_id)
_calls = _ordered.where(
    _reference.c.tenant == _tenant,
    _reference.c.kind == "flow",
    _reference.c.target_namespace == _namespace,
    _reference.c.target_id.in_(_names),
)
_forget = _reference.delete().where(
    _reference.c.tenant == _tenant,
    _reference.c.namespace == _namespace,
    _reference.c.flow_id.in_(_names),
)


@dataclass(frozen=True, slots=True)
class FlowReference:
    """A flow refers to `target_id`: a ``flow`` of `target_namespace`, a ``secret`` or ``kv`` key,
    or a ``file`` (of another namespace without an id).
    """

    namespace: str
    flow_id: str
    kind: str
    target_namespace: str
    target_id: str


def replace_many(tx: Connection, tenant: str, found: Mapping[Key, Sequence[FlowReference]]) -> None:
    """Records what flows refer to now, in place of what they referred to before."""
    for namespace, names in by_namespace(found):
        tx.execute(_forget, {"tenant": tenant, "namespace": namespace, "names": names})
    _REFER.write(
        tx,
        [
            (tenant, *key, number, each.kind, each.target_namespace, each.target_id)
            for key, references in found.items()
            for number, each in enumerate(dict.fromkeys(references))
        ],
    )


def referring(tx: Connection, tenant: str, kind: str, target_id: str) -> list[FlowReference]:
    """Who refers to a key of some kind, wherever it looks for it."""
    statement = _ordered.where(
        _reference.c.tenant == tenant,
        _reference.c.kind == kind,
        _reference.c.target_id == target_id,
    )
    return _read(tx.execute(statement))


def into(tx: Connection, tenant: str, namespace: str) -> list[FlowReference]:
    """Everything that refers to something in a namespace or below it."""
    statement = _ordered.where(
        _reference.c.tenant == tenant, below(_reference.c.target_namespace, namespace)
    )
    return _read(tx.execute(statement))


def callers(tx: Connection, tenant: str, keys: Iterable[Key]) -> list[FlowReference]:
    """Every call of one of the flows, from anywhere."""
    found: list[FlowReference] = []
    for namespace, names in by_namespace(keys):
        given = {"tenant": tenant, "namespace": namespace, "names": names}
        found += _read(tx.execute(_calls, given))
    return found


def _read(rows: Iterable[Row[Any]]) -> list[FlowReference]:
    found = [
        FlowReference(row.namespace, row.flow_id, row.kind, row.target_namespace, row.target_id)
        for row in rows
    ]
    return list(dict.fromkeys(found))
