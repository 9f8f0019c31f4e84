"""A folder of this machine as the files of a namespace, for runs without a server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from hashlib import file_digest
from pathlib import Path

from penstock.storage.base import Storage, namespace_file
from penstock.store.identity import new_id
from penstock.store.namespace_file import FileRow


def kept_files(
    storage: Storage, tenant: str, namespace: str, *, folder: Path, now: datetime
) -> Iterator[FileRow]:
    """Stores each file below `folder`; gives its first revision, to be written."""
    for each in sorted(folder.rglob("*")):
        if not each.is_file():
            continue
        path = each.relative_to(folder).as_posix()
        with each.open("rb") as content:
            digest = file_digest(content, "sha256").hexdigest()
        yield FileRow(
            tenant=tenant,
            namespace=namespace,
            path=path,
            owner="local",
            revision=1,
            content_hash=digest,
            created_at=now,
            updated_at=now,
            size=each.stat().st_size,
            file=storage.put(tenant, namespace_file(namespace, path, new_id()), each),
        )
