"""Files of namespaces, as members of a set."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from penstock.errors import NotFound
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.service import form
from penstock.service.change import Change
from penstock.service.draft import Draft, Kind
from penstock.service.form import as_text
from penstock.service.objectset import Member, ObjectSet, Reference
from penstock.service.services import Services
from penstock.service.spec import FileSpec, has_all, read
from penstock.service.surroundings import Surroundings
from penstock.storage.base import namespace_file
from penstock.store import namespace_file as rows
from penstock.store.namespace_file import FileRow

MOST_BYTES = 10 * 1024 * 1024
"""Files of namespaces are code, queries and small tables; data belongs to executions."""
_MOST_COMPARED = 64 * 1024


class FileKind(Kind[FileRow]):
    """See `penstock.service.draft.Kind`. The content hash is the SHA-256 of the bytes."""

    def find(
        self, tx: Connection, services: Services, tenant: str, reference: Reference
    ) -> FileRow | None:
        """The stored file."""
        del services
        return rows.find(tx, tenant, reference.namespace, reference.id)

    def draft(self, tx: Connection, services: Services, tenant: str, member: Member) -> Draft:
        """Checks the name, and that the file is not too large."""
        previous = self.find(tx, services, tenant, member.reference)
        draft = Draft(member, previous)
        draft.add(member.reference.problems())
        spec, problems = read(FileSpec, member.spec)
        draft.add(problems)
        if spec is not None and has_all(FileSpec, member.spec):
            data, wrong = bytes_of(spec)
            draft.add(wrong)
            if not wrong:
                draft.content_hash = hashlib.sha256(data).hexdigest()
                draft.normalised = {"size": len(data), "sha256": draft.content_hash}
        return draft

    def draft_many(
        self,
        tx: Connection,
        services: Services,
        tenant: str,
        members: Sequence[Member],
        surroundings: Surroundings,
    ) -> list[Draft]:
        """The same for many, none of which is a folder of another."""
        del surroundings
        drafts = [self.draft(tx, services, tenant, member) for member in members]
        names = {(each.reference.namespace, each.reference.id) for each in drafts}
        for draft in drafts:
            namespace, path = draft.reference.namespace, draft.reference.id
            parts = path.split("/")
            for end in range(1, len(parts)):
                above = "/".join(parts[:end])
                if (namespace, above) in names:
                    draft.add([in_the_way(path, above)])
        return drafts

    def write(
        self, tx: Connection, services: Services, change: Change, draft: Draft, now: datetime
    ) -> FileRow:
        """Stores the revision; the content has been stored by `store_contents`."""
        data, _ = bytes_of(FileSpec.model_validate(draft.member.spec))
        tenant, previous = change.caller.tenant, draft.previous
        namespace, path = draft.reference.namespace, draft.reference.id
        assert draft.content_hash is not None
        row = FileRow(
            tenant=tenant,
            namespace=namespace,
            path=path,
            owner=change.owner,
            revision=rows.next_revision(tx, tenant, namespace, path),
            content_hash=draft.content_hash,
            created_at=now if previous is None else previous.created_at,
            updated_at=now,
            size=len(data),
            file=draft.member.stored or _stored(services, tenant, draft.reference, data),
            provenance=change.provenance,
        )
        rows.put(tx, row)
        return row

    def own(self, tx: Connection, change: Change, row: FileRow, now: datetime) -> FileRow:
        """Records another owner."""
        rows.own(tx, row, change.owner, now)
        return replace(row, owner=change.owner, updated_at=now)

    def remove(self, tx: Connection, change: Change, row: FileRow, now: datetime) -> None:
        """Takes it away as a further revision; those before it stay."""
        rows.put(tx, removal(row, now=now, owner=change.owner))

    def form(self, tx: Connection, services: Services, row: FileRow) -> dict[str, Json]:
        """The API's read form, without the content."""
        del tx, services
        return {
            **form.declared("file", row),
            "path": row.path,
            "size": row.size,
        }

    def text(self, services: Services, row: FileRow) -> str:
        """The content, when it is a short text; else what there is to say of it."""
        text = _text(services, row)
        if text is not None:
            return text
        return as_text({"size": row.size, "sha256": row.content_hash})

    def draft_text(self, draft: Draft) -> str:
        """The same of a draft."""
        content = draft.member.spec.get("content")
        if isinstance(content, str) and len(content) <= _MOST_COMPARED:
            return content
        return as_text(draft.normalised or {})

    def page(
        self,
        tx: Connection,
        services: Services,
        tenant: str,
        *,
        namespace: str | None,
        after: tuple[str, ...] | None,
        limit: int,
    ) -> list[FileRow]:
        """Stored files by namespace and path."""
        del services
        return rows.page(tx, tenant, namespace=namespace, after=after, limit=limit)


def bytes_of(spec: FileSpec) -> tuple[bytes, list[Problem]]:
    """The content that a spec holds, and what is wrong with it."""
    if (spec.content is None) == (spec.base64 is None):
        return b"", [
            Problem(
                "A file has either `content` or `base64`.",
                path="content",
                code="invalid",
                hint="`content` for text, `base64` for any bytes.",
            )
        ]
    try:
        data = (
            spec.content.encode()
            if spec.content is not None
            else base64.b64decode(spec.base64 or "", validate=True)
        )
    except (binascii.Error, ValueError):
        path = "content" if spec.content is not None else "base64"
        said = "holds half a character" if spec.content is not None else "is no base64"
        return b"", [Problem(f"`{path}` {said}.", path=path, code="invalid-encoding")]
    if len(data) > MOST_BYTES:
        return b"", [
            Problem(
                f"The file has {len(data)} bytes; a file of a namespace has at most {MOST_BYTES}.",
                path="content",
                code="too-large",
                hint="Put data where executions read it, and code and queries here.",
            )
        ]
    return data, []


def store_contents(services: Services, tenant: str, wanted: ObjectSet) -> ObjectSet:
    """Stores what is new in the files of a set, so that no transaction is held open for it.

    Each content has a URI of its own; without a row, when the set is refused, nothing refers to it.
    """
    files = [member for member in wanted.members if member.reference.kind == "file"]
    if not files:
        return wanted
    with services.database.read() as tx:
        places = {(member.reference.namespace, member.reference.id) for member in files}
        there = {place: rows.find(tx, tenant, *place) for place in places}

    def stored(member: Member) -> Member:
        if member.reference.kind != "file" or member.reference.problems():
            return member
        spec, _ = read(FileSpec, member.spec)
        if spec is None or not has_all(FileSpec, member.spec):
            return member
        data, wrong = bytes_of(spec)
        row = there[member.reference.namespace, member.reference.id]
        if wrong or (row is not None and row.content_hash == hashlib.sha256(data).hexdigest()):
            return member
        return replace(member, stored=_stored(services, tenant, member.reference, data))

    return replace(wanted, members=tuple(stored(member) for member in wanted.members))


def _stored(services: Services, tenant: str, reference: Reference, data: bytes) -> str:
    uri = namespace_file(reference.namespace, reference.id, services.new_id())
    return services.storage.put(tenant, uri, data)


def removal(row: FileRow, *, now: datetime, owner: str) -> FileRow:
    """The revision that says that a file is gone."""
    return replace(
        row,
        owner=owner,
        revision=row.revision + 1,
        content_hash="",
        updated_at=now,
        size=0,
        file="",
        deleted=True,
    )


def _text(services: Services, row: FileRow) -> str | None:
    """The text to compare, where it is short and is text."""
    if row.size > _MOST_COMPARED:
        return None
    try:
        with services.storage.open(row.tenant, row.file) as source:
            return source.read().decode()
    except (NotFound, UnicodeDecodeError):
        return None


def in_the_way(path: str, other: str) -> Problem:
    """Says that there is a file where `path` needs a folder, or the reverse."""
    is_folder = path.startswith(f"{other}/")
    said = f"`{other}` is a file" if is_folder else f"`{path}` is a folder, because of `{other}`"
    return Problem(
        f"{said}, so `{path}` cannot be one." if not is_folder else f"{said}, not a folder.",
        path="path",
        code="invalid-name",
        hint="Move one of them.",
    )
