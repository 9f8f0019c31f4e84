"""Flows: every revision's text as written, and what each flow refers to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select
from sqlmodel import Field, SQLModel

from penstock.model.frozen import Json
from penstock.model.provenance import Provenance
from penstock.store import declared
from penstock.store.bulk import table_of
from penstock.store.column import Instant, JsonText
from penstock.store.declared import Declared, ProvenanceText, record


class FlowTable(Declared, table=True):
    """The present revision of a flow."""

    __tablename__ = "flow"  # pyrefly: ignore[bad-override] - as SQLModel documents it

    id: str = Field(primary_key=True, max_length=100)
    disabled: bool = False
    description: str | None = None
    labels: dict[str, str] = Field(sa_type=JsonText)
    warnings: list[Json] = Field(sa_type=JsonText)


class FlowRevisionTable(SQLModel, table=True):
    """A revision's text. A tombstone (`deleted`) has none; numbers go on after it."""

    __tablename__ = "flow_revision"  # pyrefly: ignore[bad-override] - as SQLModel documents it

    tenant: str = Field(primary_key=True, max_length=100)
    namespace: str = Field(primary_key=True, max_length=150)
    id: str = Field(primary_key=True, max_length=100)
    revision: int = Field(primary_key=True)
    source: str
    content_hash: str = Field(max_length=64)
    deleted: bool = False
    owner: str
    created_at: datetime = Field(sa_type=Instant)
    provenance: Provenance | None = Field(default=None, sa_type=ProvenanceText)


class FlowReferenceTable(SQLModel, table=True):
    """A literal reference in a flow's present text: a subflow or a secret."""

    __tablename__ = "flow_reference"  # pyrefly: ignore[bad-override] - as SQLModel documents it

    tenant: str = Field(primary_key=True, max_length=100)
    namespace: str = Field(primary_key=True, max_length=150)
    flow_id: str = Field(primary_key=True, max_length=100)
    number: int = Field(primary_key=True)
    kind: str
    target_namespace: str
    target_id: str = Field(index=True)


_flow = table_of(FlowTable)
_revision = table_of(FlowRevisionTable)
_reference = table_of(FlowReferenceTable)


@dataclass(frozen=True, slots=True)
class FlowRow:
    """A flow at one revision; `updated_at` is when this revision was written."""

    tenant: str
    namespace: str
    id: str
    revision: int
    content_hash: str
    source: str
    owner: str
    created_at: datetime
    updated_at: datetime
    provenance: Provenance = field(default_factory=Provenance)
    disabled: bool = False
    description: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    warnings: list[Json] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FlowRevision:
    """One line of a flow's history."""

    revision: int
    content_hash: str
    deleted: bool
    owner: str
    created_at: datetime
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class FlowReference:
    """A flow refers to `target_id`: a ``flow`` of `target_namespace` or a ``secret`` key."""

    namespace: str
    flow_id: str
    kind: str
    target_namespace: str
    target_id: str


_joined = select(_flow, _revision.c.source).join(
    _revision,
    and_(
        _revision.c.tenant == _flow.c.tenant,
        _revision.c.namespace == _flow.c.namespace,
        _revision.c.id == _flow.c.id,
        _revision.c.revision == _flow.c.revision,
    ),
)


def find(
    tx: Connection,
    tenant: str,
    namespace: str,
    id: str,  # noqa: A002 - the word of the API
    revision: int | None = None,
) -> FlowRow | None:
    """The flow at its present or a given revision; None when there is none, or a tombstone."""
    if revision is None:
        found = tx.execute(
            _joined.where(
                _flow.c.tenant == tenant, _flow.c.namespace == namespace, _flow.c.id == id
            )
        ).first()
        return None if found is None else record(FlowRow, found)
    row = tx.execute(
        select(_revision).where(
            _revision.c.tenant == tenant,
            _revision.c.namespace == namespace,
            _revision.c.id == id,
            _revision.c.revision == revision,
            _revision.c.deleted.is_(False),
        )
    ).first()
    if row is None:
        return None
    return FlowRow(
        tenant=row.tenant,
        namespace=row.namespace,
        id=row.id,
        revision=row.revision,
        content_hash=row.content_hash,
        source=row.source,
        owner=row.owner,
        created_at=row.created_at,
        updated_at=row.created_at,
        provenance=row.provenance,
    )


def head(tx: Connection, tenant: str, namespace: str, id: str) -> tuple[int, str] | None:  # noqa: A002 - the word of the API
    """Revision and content hash of the present flow, without its text."""
    row = tx.execute(
        select(_flow.c.revision, _flow.c.content_hash).where(
            _flow.c.tenant == tenant, _flow.c.namespace == namespace, _flow.c.id == id
        )
    ).first()
    return None if row is None else (row.revision, row.content_hash)


def page(
    tx: Connection,
    tenant: str,
    *,
    namespace: str | None = None,
    after: tuple[str, ...] | None = None,
    limit: int,
) -> list[FlowRow]:
    """Flows in order of namespace and id; `namespace` keeps it and those below it."""
    statement = _joined.where(_flow.c.tenant == tenant)
    if namespace is not None:
        statement = statement.where(declared.below(_flow.c.namespace, namespace))
    statement = declared.page_after(statement, (_flow.c.namespace, _flow.c.id), after)
    return [record(FlowRow, row) for row in tx.execute(statement.limit(limit))]


def ids(tx: Connection, tenant: str, namespace: str) -> tuple[str, ...]:
    """Ids of a namespace's own flows, for hints."""
    return tuple(
        tx.execute(
            select(_flow.c.id)
            .where(_flow.c.tenant == tenant, _flow.c.namespace == namespace)
            .order_by(_flow.c.id)
        ).scalars()
    )


def revisions(tx: Connection, tenant: str, namespace: str, id: str) -> list[FlowRevision]:  # noqa: A002 - the word of the API
    """The flow's history, newest first, tombstones included."""
    columns = [
        _revision.c.revision,
        _revision.c.content_hash,
        _revision.c.deleted,
        _revision.c.owner,
        _revision.c.created_at,
        _revision.c.provenance,
    ]
    statement = (
        select(*columns)
        .where(
            _revision.c.tenant == tenant,
            _revision.c.namespace == namespace,
            _revision.c.id == id,
        )
        .order_by(_revision.c.revision.desc())
    )
    return [record(FlowRevision, row) for row in tx.execute(statement)]


def next_revision(tx: Connection, tenant: str, namespace: str, id: str) -> int:  # noqa: A002 - the word of the API
    """The number that the next write gets: numbers are never used twice."""
    last = tx.execute(
        select(func.max(_revision.c.revision)).where(
            _revision.c.tenant == tenant,
            _revision.c.namespace == namespace,
            _revision.c.id == id,
        )
    ).scalar()
    return (last or 0) + 1


def put(tx: Connection, row: FlowRow, references: Sequence[FlowReference]) -> None:
    """Writes a new revision and makes it the present one."""
    declared.put(
        tx,
        _flow,
        {"tenant": row.tenant, "namespace": row.namespace, "id": row.id},
        {
            "owner": row.owner,
            "revision": row.revision,
            "content_hash": row.content_hash,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
            "provenance": row.provenance,
            "disabled": row.disabled,
            "description": row.description,
            "labels": row.labels,
            "warnings": row.warnings,
        },
    )
    _add_revision(tx, row, deleted=False)
    _replace_references(tx, row, references)


def set_owner(tx: Connection, row: FlowRow) -> None:
    """Records another owner without a new revision."""
    tx.execute(_flow.update().where(_is(row)).values(owner=row.owner, updated_at=row.updated_at))


def delete(tx: Connection, row: FlowRow) -> None:
    """Removes the flow and leaves a tombstone with `row`'s revision, owner and provenance."""
    tx.execute(_flow.delete().where(_is(row)))
    _add_revision(tx, row, deleted=True)
    _replace_references(tx, row, ())


def referring(
    tx: Connection, tenant: str, kind: str, target_id: str, target_namespace: str | None = None
) -> list[FlowReference]:
    """Who refers to a flow (`target_namespace` given) or to a secret key anywhere."""
    statement = select(_reference).where(
        _reference.c.tenant == tenant,
        _reference.c.kind == kind,
        _reference.c.target_id == target_id,
    )
    if target_namespace is not None:
        statement = statement.where(_reference.c.target_namespace == target_namespace)
    return _references(tx, statement)


def calls_into(tx: Connection, tenant: str, namespace: str) -> list[FlowReference]:
    """Every call of a flow of the namespace, from anywhere."""
    statement = select(_reference).where(
        _reference.c.tenant == tenant,
        _reference.c.kind == "flow",
        _reference.c.target_namespace == namespace,
    )
    return _references(tx, statement)


def _references(tx: Connection, statement: Select[Any]) -> list[FlowReference]:
    statement = statement.order_by(_reference.c.namespace, _reference.c.flow_id)
    found = [
        FlowReference(row.namespace, row.flow_id, row.kind, row.target_namespace, row.target_id)
        for row in tx.execute(statement)
    ]
    return list(dict.fromkeys(found))


def _is(row: FlowRow) -> Any:
    return and_(
        _flow.c.tenant == row.tenant, _flow.c.namespace == row.namespace, _flow.c.id == row.id
    )


def _add_revision(tx: Connection, row: FlowRow, *, deleted: bool) -> None:
    tx.execute(
        _revision.insert().values(
            tenant=row.tenant,
            namespace=row.namespace,
            id=row.id,
            revision=row.revision,
            source="" if deleted else row.source,
            content_hash="" if deleted else row.content_hash,
            deleted=deleted,
            owner=row.owner,
            created_at=row.updated_at,
            provenance=row.provenance,
        )
    )


def _replace_references(tx: Connection, row: FlowRow, references: Sequence[FlowReference]) -> None:
    tx.execute(
        _reference.delete().where(
            _reference.c.tenant == row.tenant,
            _reference.c.namespace == row.namespace,
            _reference.c.flow_id == row.id,
        )
    )
    rows = [
        {
            "tenant": row.tenant,
            "namespace": row.namespace,
            "flow_id": row.id,
            "number": number,
            "kind": reference.kind,
            "target_namespace": reference.target_namespace,
            "target_id": reference.target_id,
        }
        for number, reference in enumerate(dict.fromkeys(references))
    ]
    if rows:
        tx.execute(_reference.insert(), rows)
