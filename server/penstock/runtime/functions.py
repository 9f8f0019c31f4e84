"""The expression functions that reach beyond their arguments: secrets, files, ids, chance."""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import orjson
from sqlalchemy import Connection

from penstock.engine.variables import Environment
from penstock.errors import NotFound, PenstockError
from penstock.expression import is_truthy
from penstock.expression.error import ExpressionError
from penstock.expression.value import Function, Value
from penstock.model.execution import Execution
from penstock.model.frozen import Json
from penstock.model.state import State
from penstock.model.task import LogLevel
from penstock.runtime.key_value import KeyValues
from penstock.runtime.masking import Masker
from penstock.service.isolation import Isolation, NamespaceDenied
from penstock.storage.base import Storage
from penstock.store import log as log_store
from penstock.store import namespace as namespace_store
from penstock.store import secret as secret_store
from penstock.store.declared import ancestors
from penstock.store.identity import new_id
from penstock.store.session import Database

_READ_LIMIT = 10 * 1024 * 1024


class SecretReader(Protocol):
    """Finds secret values."""

    def read(self, tx: Connection, tenant: str, namespace: str, key: str) -> str | None:
        """The value that a flow of the namespace sees (its own or the nearest above), or None."""
        ...


@dataclass(frozen=True, slots=True)
class World:
    """What the functions reach: the database, secrets, stored files.

    `environment` is the same for all; a namespace's variables are added per namespace and kept
    until `forget` says that something was declared anew.
    """

    database: Database
    secrets: SecretReader
    storage: Storage
    environment: Environment = field(default_factory=Environment)
    isolation: Isolation = field(default_factory=Isolation)
    _spaces: dict[tuple[str, str], Environment] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def environment_of(self, tenant: str, namespace: str) -> Environment:
        """What expressions of a namespace see of the server and the namespace."""
        found = self._spaces.get((tenant, namespace))
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
        with self._lock:
            self._spaces[tenant, namespace] = made
        return made

    def forget(self) -> None:
        """Namespaces' variables may have changed: read them again."""
        with self._lock:
            self._spaces.clear()


def functions_of(world: World, pairs: KeyValues, masker: Masker) -> Mapping[str, Function]:
    """The functions for the execution whose key-value pairs are given.

    Every secret that is handed out is first registered with the masker.
    """
    start = pairs.execution
    tenant, own = start.tenant, start.namespace

    def secret(
        key: Value = None,
        namespace: Value = None,
        subkey: Value = None,
    ) -> Value:
        name, space = _text("secret", "key", key), own
        if namespace is not None:
            space = _text("secret", "namespace", namespace)
        with world.database.read() as tx:
            if space != own:
                _check_secret(world, tx, start, space=space, key=name)
            value = world.secrets.read(tx, tenant, space, name)
        if value is None:
            raise ExpressionError(
                f"There is no secret '{name}' in the namespace '{space}' or above it. "
                f"Set it with `penstock secret put {space}/{name}`."
            )
        masker.taint(value)
        if subkey is None:
            return value
        part = _part(name, value, _text("secret", "subkey", subkey))
        masker.taint(part)
        return part

    def kv(
        key: Value = None,
        namespace: Value = None,
        error_on_missing: Value = True,  # noqa: FBT002 - templates give it by position too
    ) -> Value:
        name = _text("kv", "key", key)
        space = None if namespace is None else _text("kv", "namespace", namespace)
        try:
            return pairs.read(name, space)
        except NamespaceDenied as error:
            raise ExpressionError(error.message) from None
        except NotFound as error:
            if is_truthy(error_on_missing):
                raise ExpressionError(error.message) from None
            return None

    def read(path: Value = None) -> Value:
        uri = _text("read", "path", path)
        try:
            with world.storage.open(tenant, uri) as file:
                content = file.read(_READ_LIMIT + 1)
        except PenstockError as error:
            raise ExpressionError(error.message) from None
        if len(content) > _READ_LIMIT:
            raise ExpressionError(
                f"The file '{uri}' is larger than the {_READ_LIMIT // 2**20} MiB that `read` "
                "takes into an expression. Give it to a task as an input file instead."
            )
        return content.decode(errors="replace")

    def error_logs() -> Value:
        with world.database.read() as tx:
            lines = log_store.page(tx, tenant, start.id, min_level=LogLevel.ERROR)
        return [
            {"taskId": line.task_id, "taskRunId": line.task_run_id, "message": line.message}
            for line in lines
        ]

    return {
        "secret": secret,
        "kv": kv,
        "read": read,
        "errorLogs": error_logs,
        "uuid": lambda: str(uuid.uuid4()),
        "id": new_id,
        "randomInt": _random_int,
    }


def _check_secret(world: World, tx: Connection, user: Execution, *, space: str, key: str) -> None:
    """Both the namespace that is named and the one above it that holds the key must allow it."""
    holders = secret_store.holders(tx, user.tenant, key)
    holder = next((name for name in ancestors(space) if name in holders), space)
    for target in dict.fromkeys((space, holder)):
        try:
            world.isolation.check(tx, user.tenant, user.namespace, target=target, what="secrets")
        except NamespaceDenied as error:
            raise ExpressionError(error.message) from None


def tasks_with_state(tasks: Value) -> Function:
    """`tasksWithState` for a rendering: it reads the ``tasks`` which that rendering sees.

    The rows are one step behind: an error handler that starts in the very step in which a task
    fails would not find it there.
    """

    def find(state: Value = None) -> Value:
        wanted = _text("tasksWithState", "state", state).upper()
        if wanted not in State.__members__:
            raise ExpressionError(f"'{wanted}' is no state of a task.")
        found: list[Value] = []
        for task_id, below in tasks.items() if isinstance(tasks, Mapping) else ():
            for value, own in _leaves(below):
                if own == wanted:
                    run: dict[str, Value] = {"taskId": task_id, "state": own}
                    found.append(run if value is None else {**run, "value": value})
        return found

    return find


def _leaves(below: Value, value: str | None = None) -> Iterator[tuple[str | None, Value]]:
    if isinstance(below, Mapping):
        for key, item in below.items():
            if key == "state" and isinstance(item, str):
                yield value, item
            else:
                yield from _leaves(item, str(key))


def _text(function: str, name: str, value: Value) -> str:
    if not isinstance(value, str) or not value:
        raise ExpressionError(f"The '{function}' function needs a text as '{name}'.")
    return value


def _part(name: str, value: str, subkey: str) -> str:
    try:
        document: Json = orjson.loads(value)
    except orjson.JSONDecodeError:
        raise ExpressionError(
            f"The secret '{name}' is not JSON, so it has no part '{subkey}'."
        ) from None
    if not isinstance(document, dict) or subkey not in document:
        raise ExpressionError(f"The secret '{name}' has no part '{subkey}'.")
    part = document[subkey]
    return part if isinstance(part, str) else orjson.dumps(part).decode()


def _random_int(lower: Value = None, upper: Value = None) -> Value:
    if not isinstance(lower, int) or not isinstance(upper, int) or lower >= upper:
        raise ExpressionError(
            "The 'randomInt' function needs two whole numbers, the lower one first."
        )
    return random.randrange(lower, upper)  # noqa: S311 - no secret is made of it
