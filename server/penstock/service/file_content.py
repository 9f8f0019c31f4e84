"""Reads namespaces' files and their histories, and moves them."""

from __future__ import annotations

import base64
from typing import BinaryIO

from penstock.errors import NotFound
from penstock.model.frozen import Json
from penstock.security.caller import Caller
from penstock.service import apply, form
from penstock.service.change import Change
from penstock.service.file import FileKind
from penstock.service.objectset import Member, ObjectSet, Reference, Removal
from penstock.service.services import Services
from penstock.store import namespace_file as rows
from penstock.store.namespace_file import FileRow


def open_file(
    services: Services, caller: Caller, reference: Reference, revision: int | None = None
) -> tuple[FileRow, BinaryIO]:
    """A file's content to read, and what is stored of it. Raises `NotFound`."""
    row = _row(services, caller, reference, revision)
    return row, services.storage.open(caller.tenant, row.file)


def get(
    services: Services, caller: Caller, reference: Reference, revision: int | None = None
) -> dict[str, Json]:
    """The read form of a file, or of one of its revisions. Raises `NotFound`."""
    row = _row(services, caller, reference, revision)
    with services.database.read() as tx:
        return FileKind().form(tx, services, row)


def revisions(services: Services, caller: Caller, reference: Reference) -> list[Json]:
    """A file's history, newest first. Raises `NotFound` when there never was such a file."""
    with services.database.read() as tx:
        found = rows.revisions(tx, caller.tenant, reference.namespace, reference.id)
    if not found:
        raise NotFound(f"There is no {reference}.")
    return [
        {
            "revision": each.revision,
            "contentHash": each.content_hash or None,
            "size": each.size,
            "deleted": each.deleted,
            "owner": each.owner,
            "createdAt": form.instant(each.updated_at),
            "provenance": each.provenance.to_json(),
        }
        for each in found
    ]


def move(services: Services, change: Change, reference: Reference, path: str) -> Json:
    """Gives a file another path in its namespace; gives the read form. Raises `NotFound`."""
    row, source = open_file(services, change.caller, reference)
    with source:
        data = source.read()
    target = Reference("file", reference.namespace, path)
    wanted = ObjectSet(
        members=(Member(target, {"base64": base64.b64encode(data).decode()}, if_none_match=True),),
        removals=(Removal(reference, row.content_hash),),
    )
    applied = apply.apply(services, change, wanted)
    return next(each.object for each in applied.objects if each.reference == target)


def _row(services: Services, caller: Caller, reference: Reference, revision: int | None) -> FileRow:
    with services.database.read() as tx:
        row = rows.find(tx, caller.tenant, reference.namespace, reference.id, revision)
    if row is None:
        at = "" if revision is None else f" at revision {revision}"
        raise NotFound(f"There is no {reference}{at}.")
    return row
