"""Files of namespaces as an execution reads and writes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection

from penstock.errors import NotFound, PenstockError
from penstock.model.execution import Execution
from penstock.model.provenance import Provenance
from penstock.runtime.files import FileAccess
from penstock.service.file import MOST_BYTES, removal
from penstock.service.objectset import Reference
from penstock.storage.base import namespace_file
from penstock.store import audit
from penstock.store import namespace_file as rows
from penstock.store.identity import new_id
from penstock.store.namespace_file import FileRow

_SCHEME = "nsfile://"


class FileNotWritten(PenstockError):
    """A file of a namespace that cannot be written."""

    code = "refused"
    title = "Refused"


@dataclass(frozen=True, slots=True)
class NamespaceFiles:
    """The files of the namespaces that an execution may use; its own where none is named."""

    access: FileAccess
    execution: Execution
    now: Callable[[], datetime]

    def paths(self, namespace: str | None = None) -> list[str]:
        """The paths of a namespace's files, in order."""
        space = namespace or self.execution.namespace
        with self.access.database.read() as tx:
            self._check(tx, space)
            found = rows.of_namespace(tx, self.execution.tenant, space)
        return [row.path for row in found]

    def open(
        self, path: str, namespace: str | None = None, revision: int | None = None
    ) -> BinaryIO:
        """Opens a file; `path` may be a ``nsfile://`` URI. Raises `NotFound`."""
        row = self._row(path, namespace, revision)
        return self.access.storage.open(self.execution.tenant, row.file)

    def size(self, path: str, namespace: str | None = None, revision: int | None = None) -> int:
        """A file's bytes. Raises `NotFound`."""
        return self._row(path, namespace, revision).size

    def uri(self, path: str, namespace: str | None = None, revision: int | None = None) -> str:
        """The URI of a file's content, which stays the same whatever is written later."""
        return self._row(path, namespace, revision).file

    def write(self, path: str, source: Path, namespace: str | None = None) -> None:
        """Writes a file; one with the same content stays as it is. Raises `FileNotWritten`."""
        space, tenant, now = (
            namespace or self.execution.namespace,
            self.execution.tenant,
            self.now(),
        )
        reference = Reference("file", space, path)
        size, digest = self._measured(reference, source)
        with self.access.database.read() as tx:
            if self._is_there(tx, reference, digest):
                return
        # Where it takes time, nobody must wait for it; a refusal below leaves it without a row.
        file = self.access.storage.put(tenant, namespace_file(space, path, new_id()), source)
        with self.access.database.transaction() as tx:
            if self._is_there(tx, reference, digest):
                return
            found = rows.find(tx, tenant, space, path)
            row = FileRow(
                tenant=tenant,
                namespace=space,
                path=path,
                owner="api" if found is None else found.owner,
                revision=rows.next_revision(tx, tenant, space, path),
                content_hash=digest,
                created_at=now if found is None else found.created_at,
                updated_at=now,
                size=size,
                file=file,
                provenance=self._provenance(),
            )
            rows.put(tx, row)
            audit.append(tx, self._record("update" if found else "create", found, row))

    def _is_there(self, tx: Connection, reference: Reference, digest: str) -> bool:
        """Whether a file has a content already. Raises `FileNotWritten` where it cannot be."""
        tenant, space, path = self.execution.tenant, reference.namespace, reference.id
        self._check(tx, space)
        found = rows.find(tx, tenant, space, path)
        if found is not None and found.content_hash == digest:
            return True
        other = rows.in_the_way(tx, tenant, space, path)
        if other is not None:
            raise FileNotWritten(
                f"'{path}' cannot be written to the namespace '{space}': one of '{path}' and "
                f"'{other}' would be a folder."
            )
        return False

    def delete(self, path: str, namespace: str | None = None) -> bool:
        """Removes a file; tells whether there was one. Its revisions stay."""
        space, tenant, now = (
            namespace or self.execution.namespace,
            self.execution.tenant,
            self.now(),
        )
        with self.access.database.transaction() as tx:
            self._check(tx, space)
            found = rows.find(tx, tenant, space, path)
            if found is None:
                return False
            rows.put(tx, removal(found, now=now, owner=found.owner))
            audit.append(tx, self._record("delete", found, None))
        return True

    def namespaces(self) -> list[str]:
        """The namespaces with files that this execution may purge."""
        mine = self.execution
        with self.access.database.read() as tx:
            return [name for name in rows.namespaces(tx, mine.tenant) if self._may(tx, name)]

    def purge(self, namespace: str, stale: Callable[[str, list[datetime]], list[int]]) -> int:
        """Forgets old revisions for good; gives their number.

        `stale` gets a path and the times of its revisions, newest first, and gives the positions
        of those to forget. The revision that says what is now is never among them.
        """
        tenant = self.execution.tenant
        with self.access.database.transaction() as tx:
            self._check_change(tx, namespace)
            by_path: dict[str, list[FileRow]] = {}
            for row in rows.history(tx, tenant, [namespace]):
                by_path.setdefault(row.path, []).append(row)
            gone = [
                found[position]
                for path, found in by_path.items()
                for position in stale(path, [row.updated_at for row in found])
                if not found[position].is_latest
            ]
            rows.forget(tx, gone)
            if gone:
                audit.append(tx, self._purged(namespace, len(gone)))
        # Only now: nothing refers to these contents any more, and nothing ever will again.
        for row in gone:
            if row.file:
                self.access.storage.delete(tenant, row.file)
        return len(gone)

    def _row(self, path: str, namespace: str | None, revision: int | None) -> FileRow:
        space, name = self._place(path, namespace)
        with self.access.database.read() as tx:
            self._check(tx, space)
            row = rows.find(tx, self.execution.tenant, space, name, revision)
        if row is None:
            at = "" if revision is None else f" with the revision {revision}"
            raise NotFound(
                f"There is no file '{name}'{at} in the namespace '{space}'. "
                f"Put it with: penstock file put {space}/{name} FILE."
            )
        return row

    def _place(self, path: str, namespace: str | None) -> tuple[str, str]:
        """Namespace and path of ``nsfile:///path``, ``nsfile://namespace/path`` or a path."""
        space = namespace or self.execution.namespace
        if path.startswith(_SCHEME):
            named, _, path = path.removeprefix(_SCHEME).partition("/")
            space = named or space
        return space, path.lstrip("/")

    def _check(self, tx: Connection, namespace: str) -> None:
        mine = self.execution
        self.access.isolation.check(tx, mine.tenant, mine.namespace, target=namespace, what="files")

    def _check_change(self, tx: Connection, namespace: str) -> None:
        mine, isolation = self.execution, self.access.isolation
        isolation.check_change(tx, mine.tenant, mine.namespace, target=namespace, what="files")

    def _may(self, tx: Connection, namespace: str) -> bool:
        try:
            self._check_change(tx, namespace)
        except PenstockError:
            return False
        return True

    def _measured(self, reference: Reference, source: Path) -> tuple[int, str]:
        problems = reference.problems()
        if problems:
            raise FileNotWritten(f"{problems[0].message} {problems[0].hint}")
        size = source.stat().st_size
        if size > MOST_BYTES:
            raise FileNotWritten(
                f"'{reference.id}' has {size} bytes; a file of a namespace has at most "
                f"{MOST_BYTES}. Keep data in files of executions."
            )
        with source.open("rb") as content:
            return size, file_digest(content, "sha256").hexdigest()

    def _provenance(self) -> Provenance:
        source = self.execution.source
        return Provenance(
            repository=None if source is None else source.repository,
            commit=None if source is None else source.commit,
        )

    def _record(
        self, action: str, before: FileRow | None, after: FileRow | None
    ) -> audit.AuditRecord:
        row = after or before
        assert row is not None
        return audit.AuditRecord(
            tenant=row.tenant,
            at=self.now(),
            actor=f"execution:{self.execution.id}",
            action=f"file.{action}",
            object=str(Reference("file", row.namespace, row.path)),
            owner=row.owner,
            before=None if before is None else before.content_hash,
            after=None if after is None else after.content_hash,
            provenance=self._provenance(),
        )

    def _purged(self, namespace: str, count: int) -> audit.AuditRecord:
        return audit.AuditRecord(
            tenant=self.execution.tenant,
            at=self.now(),
            actor=f"execution:{self.execution.id}",
            action="file.purge",
            object=str(Reference("namespace", namespace)),
            owner="api",
            provenance=self._provenance(),
            detail={"revisions": count},
        )
