"""Flows: every revision's text as written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, select
from sqlmodel import Field, SQLModel

from penstock.model.frozen import Json
from penstock.model.provenance import Provenance
from penstock.store import declared, flow_reference
from penstock.store.bulk import Upsert, table_of
from penstock.store.column import Instant, JsonText
from penstock.store.declared import Declared, Key, ProvenanceText, by_namespace, record
from penstock.store.flow_reference import FlowReference


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


_flow = table_of(FlowTable)
_revision = table_of(FlowRevisionTable)
_KEY = ("tenant", "namespace", "id")
_PUT = Upsert(
    FlowTable,
    (
        *_KEY,
        "owner",
        "revision",
        "content_hash",
        "created_at",
        "updated_at",
        "provenance",
        "disabled",
        "description",
        "labels",
        "warnings",
    ),
    _KEY,
)
_REVISE = Upsert(
    FlowRevisionTable,
    (
        *_KEY,
        "revision",
        "source",
        "content_hash",
        "deleted",
        "owner",
        "created_at",
        "provenance",
    ),
    # A number that is taken means that another server came first: the database must say so.
    key=(),
)


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


_joined = select(_flow, _revision.c.source).join(
    _revision,
    and_(
        _revision.c.tenant == _flow.c.tenant,
        _revision.c.namespace == _flow.c.namespace,
        _revision.c.id == _flow.c.id,
        _revision.c.revision == _flow.c.revision,
    ),
)


_tenant, _namespace = bindparam("tenant"), bindparam("namespace")
_names = bindparam("names", expanding=True)
_of_names = _joined.where(
    _flow.c.tenant == _tenant, _flow.c.namespace == _namespace, _flow.c.id.in_(_names)
)
_last_revisions = (
    select(_revision.c.id, func.max(_revision.c.revision))
    .where(
        _revision.c.tenant == _tenant,
        _revision.c.namespace == _namespace,
        _revision.c.id.in_(_names),
    )
    .group_by(_revision.c.id)
)


def revision_of(
    tx: Connection,
    tenant: str,
    namespace: str,
    id: str,  # noqa: A002 - the word of the API
    content_hash: str,
) -> int | None:
    """The latest revision with a content."""
    return tx.execute(
        select(func.max(_revision.c.revision)).where(
            _revision.c.tenant == tenant,
            _revision.c.namespace == namespace,
            _revision.c.id == id,
            _revision.c.content_hash == content_hash,
        )
    ).scalar()


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


def find_many(tx: Connection, tenant: str, keys: Iterable[Key]) -> dict[Key, FlowRow]:
    """Those of the flows that there are, at their present revision."""
    return {
        (row.namespace, row.id): record(FlowRow, row)
        for namespace, names in by_namespace(keys)
        for row in tx.execute(_of_names, {"tenant": tenant, "namespace": namespace, "names": names})
    }


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
    found = declared.page(
        statement, (_flow.c.namespace, _flow.c.id), namespace=namespace, after=after, limit=limit
    )
    return [record(FlowRow, row) for row in tx.execute(found)]


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
    return next_revisions(tx, tenant, [(namespace, id)])[namespace, id]


def next_revisions(tx: Connection, tenant: str, keys: Sequence[Key]) -> dict[Key, int]:
    """The same for many flows."""
    found = dict.fromkeys(keys, 1)
    for namespace, names in by_namespace(keys):
        given = {"tenant": tenant, "namespace": namespace, "names": names}
        for name, last in tx.execute(_last_revisions, given):
            found[namespace, name] = last + 1
    return found


def put(tx: Connection, row: FlowRow, references: Sequence[FlowReference]) -> None:
    """Writes a new revision and makes it the present one."""
    put_many(tx, row.tenant, [(row, references)])


def put_many(
    tx: Connection, tenant: str, written: Sequence[tuple[FlowRow, Sequence[FlowReference]]]
) -> None:
    """The same for many flows of a tenant."""
    rows = [row for row, _ in written]
    _PUT.write(tx, [_cells(row) for row in rows])
    _add_revisions(tx, rows, deleted=False)
    flow_reference.replace_many(
        tx, tenant, {(row.namespace, row.id): references for row, references in written}
    )


def set_owner(tx: Connection, row: FlowRow) -> None:
    """Records another owner without a new revision."""
    tx.execute(_flow.update().where(_is(row)).values(owner=row.owner, updated_at=row.updated_at))


def delete(tx: Connection, row: FlowRow) -> None:
    """Removes the flow and leaves a tombstone with `row`'s revision, owner and provenance."""
    delete_many(tx, row.tenant, [row])


def delete_many(tx: Connection, tenant: str, rows: Sequence[FlowRow]) -> None:
    """The same for many flows of a tenant."""
    for namespace, names in by_namespace((row.namespace, row.id) for row in rows):
        tx.execute(
            _flow.delete().where(
                _flow.c.tenant == tenant, _flow.c.namespace == namespace, _flow.c.id.in_(names)
            )
        )
    _add_revisions(tx, rows, deleted=True)
    flow_reference.replace_many(tx, tenant, {(row.namespace, row.id): () for row in rows})


def _is(row: FlowRow) -> Any:
    return and_(
        _flow.c.tenant == row.tenant, _flow.c.namespace == row.namespace, _flow.c.id == row.id
    )


def _cells(row: FlowRow) -> tuple[object, ...]:
    return (
        row.tenant,
        row.namespace,
        row.id,
        row.owner,
        row.revision,
        row.content_hash,
        row.created_at,
        row.updated_at,
        row.provenance.to_row(),
        row.disabled,
        row.description,
        row.labels,
        row.warnings,
    )


def _add_revisions(tx: Connection, rows: Sequence[FlowRow], *, deleted: bool) -> None:
    _REVISE.write(
        tx,
        [
            (
                row.tenant,
                row.namespace,
                row.id,
                row.revision,
                "" if deleted else row.source,
                "" if deleted else row.content_hash,
                deleted,
                row.owner,
                row.updated_at,
                row.provenance.to_row(),
            )
            for row in rows
        ],
    )
