"""The world that expression functions reach beyond their arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection

from penstock.engine.variables import Environment
from penstock.expression.scope import with_scope
from penstock.expression.value import Function
from penstock.model.execution import Execution
from penstock.model.frozen import Json
from penstock.runtime.files import ExecutionFiles, FileAccess
from penstock.runtime.function import EFFECTS
from penstock.runtime.function._reach import Reach
from penstock.runtime.key_value import KeyValues
from penstock.runtime.masking import Masker
from penstock.runtime.namespace_files import NamespaceFiles
from penstock.secrets.cipher import Cipher
from penstock.service.isolation import Isolation
from penstock.storage.base import Storage
from penstock.store import namespace as namespace_store
from penstock.store.declared import ancestors
from penstock.store.session import Database


class SecretReader(Protocol):
    """Finds secret values."""

    def read(self, tx: Connection, tenant: str, namespace: str, key: str) -> str | None:
        """The value that a flow of the namespace sees (its own or the nearest above), or None."""
        ...


@dataclass(slots=True)
class _Known:
    environments: dict[tuple[str, str], Environment] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class World:
    """What the functions reach: the database, secrets, stored files.

    `environment` is the same for all; a namespace's variables are added per namespace and kept
    until `forget` says that something was declared anew. `cipher` encrypts secret inputs and
    outputs; without it there are none. `transport` carries HTTP requests in place of the network,
    as httpx takes it (in tests).
    """

    database: Database
    secrets: SecretReader
    storage: Storage
    environment: Environment = field(default_factory=Environment)
    isolation: Isolation = field(default_factory=Isolation)
    local_folder: Path | None = None
    cipher: Cipher | None = None
    transport: object | None = None
    _known: _Known = field(default_factory=_Known, repr=False)

    def namespace_files_of(
        self, execution: Execution, now: Callable[[], datetime]
    ) -> NamespaceFiles:
        """The namespaces' files as an execution reads and writes them."""
        access = FileAccess(self.database, self.storage, self.isolation, self.local_folder)
        return NamespaceFiles(access, execution, now)

    def files_of(self, execution: Execution) -> ExecutionFiles:
        """The files as an execution reads and keeps them."""
        access = FileAccess(self.database, self.storage, self.isolation, self.local_folder)
        return ExecutionFiles(access, execution)

    def environment_of(self, tenant: str, namespace: str) -> Environment:
        """What expressions of a namespace see of the server and the namespace."""
        # What was read before `forget` goes into what is forgotten by then.
        environments = self._known.environments
        found = environments.get((tenant, namespace))
        if found is not None:
            return found
        with self.database.read() as tx:
            variables = namespace_store.variables(tx, tenant, namespace)
            about = namespace_store.about(tx, tenant, namespace)
        known: dict[str, Json] = {
            "id": namespace,
            "parents": [*ancestors(namespace)[1:]],
            "labels": {**about.labels},
            "description": about.description,
            **variables,
        }
        base = self.environment
        made = Environment(base.envs, base.globals, known, base.name, base.url)
        environments[tenant, namespace] = made
        return made

    def forget(self) -> None:
        """Namespaces' variables may have changed: read them again."""
        self._known.environments = {}


def functions_of(
    world: World, pairs: KeyValues, masker: Masker, *, may_wait: bool = False
) -> Mapping[str, Function]:
    """The functions for the execution whose key-value pairs are given.

    Every secret that is handed out is first registered with the masker. `may_wait` is for
    renderings in a worker, where a function may take its time.
    """
    return _Functions(Reach(world, pairs, masker, may_wait=may_wait))


class _Functions(Mapping[str, Function]):
    """Functions by name, bound to an execution when they are asked for: few flows call any."""

    __slots__ = ("_bound", "_reach")

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._bound: dict[str, Function] = {}

    def __getitem__(self, name: str) -> Function:
        bound = self._bound.get(name)
        if bound is None:
            found = EFFECTS[name]
            function: Function = partial(found.function, self._reach)
            bound = with_scope(function) if found.wants_scope else function
            self._bound[name] = bound
        return bound

    def __iter__(self) -> Iterator[str]:
        return iter(EFFECTS)

    def __len__(self) -> int:
        return len(EFFECTS)
