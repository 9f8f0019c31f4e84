"""What flows find in a run within one call: declared objects, files and secrets."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlalchemy import Connection, event

from penstock.engine.variables import Environment
from penstock.expression.error import ExpressionError
from penstock.model.flow import Flow, content_hash
from penstock.model.frozen import Json
from penstock.runtime.clock import Clock
from penstock.runtime.functions import World
from penstock.runtime.local_files import kept_files
from penstock.secrets.cipher import Cipher
from penstock.secrets.envelope import new_key
from penstock.service.isolation import Isolation
from penstock.service.spec import NamespaceSpec
from penstock.service.surroundings import PluginDefaults, stored
from penstock.storage.base import task_file
from penstock.storage.local import LocalStorage
from penstock.store import flow as flow_store
from penstock.store import kv as kv_store
from penstock.store import namespace as namespace_store
from penstock.store import namespace_file as file_store
from penstock.store import schema
from penstock.store.flow import FlowRow
from penstock.store.kv import KvRow
from penstock.store.namespace import NamespaceRow
from penstock.store.session import Database

TENANT = "main"
_OWNER = "local"


class LocalStore:
    """A database and stored files in a folder, as empty as those of a new server.

    `secrets` are the same for all namespaces and stay in memory; `database` is the content of an
    `empty_database`, and `network` carries the requests of expressions in place of the real one.
    """

    def __init__(
        self,
        folder: Path,
        *,
        secrets: Mapping[str, str],
        environment: Environment,
        clock: Clock,
        network: object | None = None,
        database: bytes | None = None,
    ) -> None:
        path = folder / "penstock.db"
        if database is not None:
            path.write_bytes(database)
        self.database = _open(path)
        self.storage = LocalStorage(folder / "storage")
        self.defaults = PluginDefaults()
        self.world = World(
            self.database,
            _GivenSecrets(secrets),
            self.storage,
            environment,
            Isolation(is_open=True),
            cipher=Cipher(new_key()),
            transport=network,
        )
        self._clock = clock

    def close(self) -> None:
        """Lets go of the database; the folder is the caller's to remove."""
        self.database.close()

    def add(self, flows: Iterable[tuple[Flow, str]]) -> None:
        """Stores flows with their texts; of one with the same name the last one counts."""
        now = self._clock.now()
        with self.database.transaction() as tx:
            for flow, source in flows:
                row = FlowRow(
                    tenant=TENANT,
                    namespace=flow.namespace,
                    id=flow.id,
                    revision=flow_store.next_revision(tx, TENANT, flow.namespace, flow.id),
                    content_hash=content_hash(source),
                    source=source,
                    owner=_OWNER,
                    created_at=now,
                    updated_at=now,
                    disabled=flow.disabled,
                )
                flow_store.put(tx, row, ())

    def declare(self, namespace: str, spec: NamespaceSpec) -> None:
        """What a namespace says; those that say nothing are open to all flows."""
        now = self._clock.now()
        row = NamespaceRow(
            tenant=TENANT,
            namespace=namespace,
            owner=_OWNER,
            revision=1,
            content_hash="",
            created_at=now,
            updated_at=now,
            description=spec.description,
            variables=spec.variables,
            labels=spec.labels,
            allowed_namespaces=spec.allowed_namespaces,
            plugin_defaults=stored(spec.plugin_defaults or ()) or None,
        )
        with self.database.transaction() as tx:
            namespace_store.put(tx, row)
        self.world.forget()
        self.defaults.forget()

    def put_pair(self, namespace: str, key: str, value: Json) -> None:
        """Writes a key-value pair."""
        now = self._clock.now()
        row = KvRow(TENANT, namespace, key, _OWNER, 1, "", now, now, value)
        with self.database.transaction() as tx:
            kv_store.put(tx, row)

    def keep(self, key: tuple[str, str], name: str, text: str, folder: Path) -> str:
        """Stores a file as if an execution of the flow had, by way of `folder`; gives its URI."""
        path = folder / "file"
        path.write_text(text)
        uri = task_file(*key, "fixtures", task="files", task_run="files", name=name)
        return self.storage.put(TENANT, uri, path)

    def add_files(self, namespace: str, folder: Path) -> None:
        """Makes the files below a folder the files of a namespace."""
        now, storage = self._clock.now(), self.storage
        with self.database.transaction() as tx:
            for row in kept_files(storage, TENANT, namespace, folder=folder, now=now):
                file_store.put(tx, row)


def empty_database() -> bytes:
    """A database with all tables, for who makes many runners: making it takes the most time."""
    with tempfile.TemporaryDirectory(prefix="penstock-run-") as folder:
        path = Path(folder) / "penstock.db"
        database = _open(path)
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        return path.read_bytes()


def _open(path: Path) -> Database:
    database = Database(f"sqlite:///{path}")
    # Nothing of it outlives this process, so nothing needs to reach the disk.
    event.listen(database.engine, "connect", _do_not_sync)
    schema.prepare(database)
    return database


def _do_not_sync(connection: sqlite3.Connection, _entry: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=OFF")
    cursor.close()


class _GivenSecrets:
    """See `penstock.runtime.functions.SecretReader`."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def read(self, tx: Connection, tenant: str, namespace: str, key: str) -> str | None:
        """The value that was given, whatever the namespace."""
        del tx, tenant, namespace
        if key not in self._values:
            raise ExpressionError(
                f"The secret '{key}' is not given. Set PENSTOCK_SECRET_{key} in the environment, "
                f"or give it with --secret {key}=…"
            )
        return self._values[key]
