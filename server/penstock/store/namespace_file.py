"""Files of namespaces: each writing is a revision; the contents are in internal storage."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select
from sqlmodel import Field

from penstock.model.provenance import Provenance
from penstock.store import declared
from penstock.store.bulk import table_of
from penstock.store.declared import Declared, record


class NamespaceFileTable(Declared, table=True):
    """A revision of a file; `file` is the URI of its content, empty for a deletion."""

    __tablename__ = "namespace_file"  # pyrefly: ignore[bad-override] - as SQLModel documents it

    path: str = Field(primary_key=True, max_length=500)
    revision: int = Field(primary_key=True)
    size: int
    file: str
    is_latest: bool
    deleted: bool = False


_files = table_of(NamespaceFileTable)


@dataclass(frozen=True, slots=True)
class FileRow:
    """A revision as stored."""

    tenant: str
    namespace: str
    path: str
    owner: str
    revision: int
    content_hash: str
    created_at: datetime
    updated_at: datetime
    size: int
    file: str
    provenance: Provenance = field(default_factory=Provenance)
    is_latest: bool = True
    deleted: bool = False

    @property
    def id(self) -> str:
        """The path: what names the file in its namespace."""
        return self.path


def find(
    tx: Connection, tenant: str, namespace: str, path: str, revision: int | None = None
) -> FileRow | None:
    """A file as it is now, or one of its revisions; None when there is none."""
    wanted = _files.c.is_latest if revision is None else _files.c.revision == revision
    row = tx.execute(
        select(_files).where(*_of(tenant, namespace, path), wanted, ~_files.c.deleted)
    ).first()
    return None if row is None else record(FileRow, row)


def revisions(tx: Connection, tenant: str, namespace: str, path: str) -> list[FileRow]:
    """The history of a path, newest first, deletions included."""
    rows = tx.execute(
        select(_files).where(*_of(tenant, namespace, path)).order_by(_files.c.revision.desc())
    )
    return [record(FileRow, row) for row in rows]


def of_namespace(tx: Connection, tenant: str, namespace: str) -> list[FileRow]:
    """All present files of exactly this namespace, by path."""
    rows = tx.execute(
        select(_files)
        .where(_files.c.tenant == tenant, _files.c.namespace == namespace, *_present())
        .order_by(_files.c.path)
    )
    return [record(FileRow, row) for row in rows]


def page(
    tx: Connection,
    tenant: str,
    *,
    namespace: str | None = None,
    after: tuple[str, ...] | None = None,
    limit: int,
) -> list[FileRow]:
    """Present files in order of namespace and path; `namespace` keeps it and those below it."""
    statement = select(_files).where(_files.c.tenant == tenant, *_present())
    found = declared.page(
        statement,
        (_files.c.namespace, _files.c.path),
        namespace=namespace,
        after=after,
        limit=limit,
    )
    return [record(FileRow, row) for row in tx.execute(found)]


def in_the_way(
    tx: Connection, tenant: str, namespace: str, path: str, *, without: Container[str] = ()
) -> str | None:
    """A present file that is a folder of this path, or that lies in it as if it were one.

    Those `without` are about to go.
    """
    parts = path.split("/")
    above = ["/".join(parts[:end]) for end in range(1, len(parts))]
    escaped = path.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%")
    found = tx.execute(
        select(_files.c.path).where(
            _files.c.tenant == tenant,
            _files.c.namespace == namespace,
            *_present(),
            or_(_files.c.path.in_(above), _files.c.path.like(f"{escaped}/%", escape="\\")),
        )
    ).scalars()
    return next((other for other in found if other not in without), None)


def next_revision(tx: Connection, tenant: str, namespace: str, path: str) -> int:
    """The number that the next writing gets; a deletion does not begin anew."""
    newest = tx.execute(
        select(func.max(_files.c.revision)).where(*_of(tenant, namespace, path))
    ).scalar()
    return (newest or 0) + 1


def put(tx: Connection, row: FileRow) -> None:
    """Adds a revision, which is the latest from now on."""
    tx.execute(
        _files.update()
        .where(*_of(row.tenant, row.namespace, row.path), _files.c.is_latest)
        .values(is_latest=False)
    )
    tx.execute(
        _files.insert().values(
            tenant=row.tenant,
            namespace=row.namespace,
            path=row.path,
            owner=row.owner,
            revision=row.revision,
            content_hash=row.content_hash,
            created_at=row.created_at,
            updated_at=row.updated_at,
            provenance=row.provenance,
            size=row.size,
            file=row.file,
            is_latest=True,
            deleted=row.deleted,
        )
    )


def own(tx: Connection, row: FileRow, owner: str, now: datetime) -> None:
    """Records another owner of the latest revision."""
    tx.execute(
        _files.update()
        .where(*_of(row.tenant, row.namespace, row.path), _files.c.is_latest)
        .values(owner=owner, updated_at=now)
    )


def namespaces(tx: Connection, tenant: str) -> tuple[str, ...]:
    """The namespaces that have, or had, files."""
    found = select(_files.c.namespace).where(_files.c.tenant == tenant).distinct()
    return tuple(tx.execute(found.order_by(_files.c.namespace)).scalars())


def history(tx: Connection, tenant: str, names: Sequence[str]) -> list[FileRow]:
    """Every revision of every path of some namespaces, by path, newest first."""
    rows = tx.execute(
        select(_files)
        .where(_files.c.tenant == tenant, _files.c.namespace.in_(names))
        .order_by(_files.c.namespace, _files.c.path, _files.c.revision.desc())
    )
    return [record(FileRow, row) for row in rows]


def forget(tx: Connection, rows: Iterable[FileRow]) -> None:
    """Removes revisions for good; their contents are the caller's business."""
    for row in rows:
        tx.execute(
            delete(_files).where(
                *_of(row.tenant, row.namespace, row.path), _files.c.revision == row.revision
            )
        )


def _of(tenant: str, namespace: str, path: str) -> tuple[ColumnElement[bool], ...]:
    return (
        _files.c.tenant == tenant,
        _files.c.namespace == namespace,
        _files.c.path == path,
    )


def _present() -> tuple[ColumnElement[bool], ...]:
    return (_files.c.is_latest, ~_files.c.deleted)
