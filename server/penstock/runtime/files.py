"""The stored files as an execution reads and keeps them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from penstock.errors import NotFound, PenstockError
from penstock.model.execution import Execution
from penstock.service.isolation import Isolation, NamespaceDenied
from penstock.storage.base import (
    SCHEMES,
    FileNotStored,
    InvalidUri,
    Owner,
    Storage,
    cache_folder,
    execution_folder,
    flow_folder,
    namespace_folder,
    owner_of,
    task_file,
)
from penstock.store import execution as execution_store
from penstock.store import namespace_file as file_rows
from penstock.store.session import Database

_LOCAL = "file://"
_NAMESPACE = "nsfile://"


class FileRefused(PenstockError):
    """A file that this execution may not use."""

    code = "refused"
    title = "Refused"


@dataclass(frozen=True, slots=True)
class FileAccess:
    """Where files are: stored ones, and the folder of this machine that flows may read, if any."""

    database: Database
    storage: Storage
    isolation: Isolation
    local_folder: Path | None = None


@dataclass(frozen=True, slots=True)
class ExecutionFiles:
    """The files of one execution, of those that it belongs to, and of namespaces that it sees."""

    access: FileAccess
    execution: Execution

    def open(self, uri: str) -> BinaryIO:
        """Opens a file for reading. Raises `FileNotStored` and `FileRefused`."""
        if uri.startswith(_LOCAL):
            return self._local(uri).open("rb")
        uri = self._present(uri)
        self._check(uri)
        return self.access.storage.open(self.execution.tenant, uri)

    def size(self, uri: str) -> int:
        """The bytes of a file. Raises `FileNotStored` and `FileRefused`."""
        if uri.startswith(_LOCAL):
            return self._local(uri).stat().st_size
        uri = self._present(uri)
        self._check(uri)
        return self.access.storage.size(self.execution.tenant, uri)

    def exists(self, uri: str) -> bool:
        """Whether there is such a file. Raises `FileRefused`."""
        try:
            self.size(uri)
        except NotFound:
            return False
        return True

    def fetch(self, uri: str, target: Path) -> Path:
        """Copies a file to `target`."""
        with self.open(uri) as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy, 1024 * 1024)
        return target

    def keep(self, path: Path, *, task: str, task_run: str, name: str) -> str:
        """Stores a file of a task run; gives its URI."""
        mine = self.execution
        uri = task_file(
            mine.namespace, mine.flow_id, mine.id, task=task, task_run=task_run, name=name
        )
        return self.access.storage.put(mine.tenant, uri, path)

    def delete(self, uri: str) -> bool:
        """Removes a file of an execution; tells whether there was one. Raises `FileRefused`.

        Executions of the own namespace, and those that belong to this one, may lose files.
        """
        owner = self._check(uri)
        is_of_execution = owner.execution_id is not None
        if not is_of_execution or not (
            owner.namespace == self.execution.namespace or self._is_family(owner)
        ):
            raise FileRefused(
                f"'{uri}' may not be deleted from here: a flow deletes files of executions in its "
                "own namespace only."
            )
        return self.access.storage.delete(self.execution.tenant, uri)

    def cached(self, key: str, since: datetime | None) -> BinaryIO | None:
        """What an execution of this flow kept under a key, unless it is older than `since`."""
        mine, storage = self.execution, self.access.storage
        folder = cache_folder(mine.namespace, mine.flow_id, key)
        for found in storage.files(mine.tenant, folder):
            if since is None or found.modified >= since:
                return storage.open(mine.tenant, found.uri)
        return None

    def cache(self, key: str, path: Path) -> None:
        """Keeps a file for later executions of this flow."""
        mine = self.execution
        folder = cache_folder(mine.namespace, mine.flow_id, key)
        self.access.storage.put(mine.tenant, f"{folder}/cache", path)

    def sweep(
        self,
        namespace: str,
        flow_id: str | None,
        *,
        since: datetime | None,
        until: datetime,
        is_dry: bool,
    ) -> tuple[int, int, int]:
        """See `penstock.sdk.context.Files`. Other namespaces than allowed ones are left."""
        storage, tenant = self.access.storage, self.execution.tenant
        folder = flow_folder(namespace, flow_id) if flow_id else namespace_folder(namespace)
        scanned = purged = deleted = 0
        # A listing has the files of an execution one behind the other.
        for owner, group in groupby(storage.files(tenant, folder), lambda each: owner_of(each.uri)):
            if owner is None or owner.execution_id is None:
                continue
            scanned += 1
            files = [(each.uri, each.modified) for each in group]
            last = max(modified for _, modified in files)
            if last >= until or (since is not None and last < since) or self._is_kept(owner):
                continue
            purged += 1
            deleted += len(files)
            for uri, _ in () if is_dry else files:
                storage.delete(tenant, uri)
        return scanned, purged, deleted

    def _is_kept(self, owner: Owner) -> bool:
        """Whether an execution still runs, or is of a namespace that this flow may not change."""
        mine, isolation = self.execution, self.access.isolation
        with self.access.database.read() as tx:
            try:
                isolation.check_change(
                    tx, mine.tenant, mine.namespace, target=owner.namespace, what="files"
                )
            except NamespaceDenied:
                return True
            return not execution_store.has_ended(tx, mine.tenant, owner.execution_id or "")

    def purge(self) -> list[str]:
        """Removes all files of this execution; gives their URIs."""
        mine = self.execution
        folder = execution_folder(mine.namespace, mine.flow_id, mine.id)
        storage = self.access.storage
        found = [each.uri for each in storage.files(mine.tenant, folder)]
        storage.delete_below(mine.tenant, folder)
        return found

    def _present(self, uri: str) -> str:
        """The URI of the content that a ``nsfile://`` URI names now; any other as it is."""
        if not uri.startswith(_NAMESPACE):
            return uri
        named, _, path = uri.removeprefix(_NAMESPACE).partition("/")
        mine = self.execution
        space = named or mine.namespace
        with self.access.database.read() as tx:
            self.access.isolation.check(tx, mine.tenant, mine.namespace, target=space, what="files")
            row = file_rows.find(tx, mine.tenant, space, path)
        if row is None:
            raise FileNotStored(
                f"There is no file '{path}' in the namespace '{space}'. "
                f"Put it with: penstock file put {space}/{path} FILE."
            )
        return row.file

    def _check(self, uri: str) -> Owner:
        if "://" not in uri or not uri.startswith(SCHEMES):
            raise InvalidUri(
                f"'{uri}' is no URI of a file. Such a URI begins with penstock:///, as in the "
                "outputs of the task that made the file."
            )
        owner = owner_of(uri)
        if owner is None:
            raise FileRefused(f"'{uri}' is neither a file of an execution nor one of a namespace.")
        if owner.execution_id == self.execution.id:
            self._check_claim(uri, owner)
        elif not self._is_family(owner):
            mine, target = self.execution, owner.namespace
            with self.access.database.read() as tx:
                self.access.isolation.check(
                    tx, mine.tenant, mine.namespace, target=target, what="files"
                )
        return owner

    def _check_claim(self, uri: str, owner: Owner) -> None:
        """The id alone is not enough: the rest of the path must be that execution's, too."""
        mine = self.execution
        if (owner.namespace, owner.flow_id) != (mine.namespace, mine.flow_id):
            raise FileNotStored(f"There is no stored file '{uri}'.")

    def _is_family(self, owner: Owner) -> bool:
        """Whether one of both executions called the other, directly or not."""
        if owner.execution_id is None:
            return False
        mine, tenant = self.execution, self.execution.tenant
        with self.access.database.read() as tx:
            home = execution_store.home(tx, tenant, owner.execution_id)
            if home != (owner.namespace, owner.flow_id):
                return False
            return owner.execution_id in execution_store.callers(
                tx, tenant, mine.parent_id
            ) or mine.id in execution_store.callers(tx, tenant, owner.execution_id)

    def _local(self, uri: str) -> Path:
        folder = self.access.local_folder
        if folder is None:
            raise FileRefused(
                f"'{uri}' cannot be read: this server gives flows no file of its machine. "
                "Set PENSTOCK_LOCAL_FILES to the folder that they may read."
            )
        root = folder.resolve()
        path = Path(unquote(uri.removeprefix(_LOCAL))).resolve()
        if not path.is_relative_to(root):
            raise FileRefused(f"'{uri}' is not in the folder of files that flows may read.")
        if not path.is_file():
            raise FileNotStored(f"There is no file '{uri}'.")
        return path
