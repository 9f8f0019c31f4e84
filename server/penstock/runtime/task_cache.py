"""Lets a task with `taskCache` give back what it gave before."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import orjson

from penstock.expression.template import has_expression
from penstock.model.execution import Execution
from penstock.model.frozen import Json
from penstock.model.task import Task
from penstock.runtime.clock import Clock
from penstock.store import task_cache as rows
from penstock.store.session import Database
from penstock.store.task_cache import CacheKey

_SEEN = ("inputs", "items", "item", "outputs", "parent", "parents", "trigger", "vars")
"""Variables on which a property may depend that a task renders while it runs."""


@dataclass(frozen=True, slots=True)
class CachedTask:
    """A rendered task of an execution whose outputs may be known already.

    Tasks are the same when every rendered property is, and the value of the loop that they are in;
    where a property is rendered by the task itself, what it may see there must be the same too.
    """

    database: Database
    clock: Clock
    key: CacheKey
    ttl: timedelta | None

    def find(self) -> dict[str, Json] | None:
        """The outputs of the last time, unless they are too old."""
        with self.database.read() as tx:
            return rows.find(tx, self.key, now=self.clock.now())

    def keep(self, outputs: dict[str, Json]) -> None:
        """Keeps outputs, which must hold no secrets."""
        now = self.clock.now()
        expires_at = None if self.ttl is None else now + self.ttl
        with self.database.transaction() as tx:
            rows.put(tx, self.key, outputs, now=now, expires_at=expires_at)


def cached_task(
    database: Database,
    clock: Clock,
    execution: Execution,
    task: Task,
    *,
    variables: Mapping[str, Json],
    value: str | None,
) -> CachedTask | None:
    """The cache of a rendered task; None when it has none."""
    cache = task.task_cache
    if cache is None or not cache.enabled:
        return None
    given = task.model_dump(mode="json", by_alias=True, exclude={"task_cache"})
    known: list[Json] = [given, value]
    if _has_expression(given):
        known.append({name: variables[name] for name in _SEEN if name in variables})
    packed = orjson.dumps(known, option=orjson.OPT_SORT_KEYS, default=_plain)
    key = CacheKey(
        execution.tenant,
        execution.namespace,
        execution.flow_id,
        task.id,
        hashlib.sha256(packed).hexdigest(),
    )
    return CachedTask(database, clock, key, cache.ttl)


def _has_expression(value: Json) -> bool:
    if isinstance(value, str):
        return has_expression(value)
    if isinstance(value, dict):
        return any(map(_has_expression, value.values()))
    return isinstance(value, list) and any(map(_has_expression, value))


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else str(value)
