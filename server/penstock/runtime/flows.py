"""Flows as the runtime needs them: parsed once for each content, kept by hash."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import cast
from weakref import WeakKeyDictionary

from sqlalchemy import Connection

from penstock import registry
from penstock.expression import compile_template
from penstock.expression.error import ExpressionError
from penstock.expression.template import has_expression
from penstock.language.catalog import Catalog
from penstock.language.parse import Parsed, parse
from penstock.model.dynamic import Unrendered
from penstock.model.execution import Source
from penstock.model.flow import Flow
from penstock.model.frozen import Json
from penstock.model.input import BaseInput, FormInput
from penstock.model.input.file import FileInput
from penstock.model.task import Task
from penstock.runtime.function import EFFECTS
from penstock.sdk.flowable import FolderTask
from penstock.sdk.task import RunnableTask
from penstock.service.services import Parses, Reading
from penstock.service.surroundings import PluginDefaults
from penstock.store import flow as flow_store
from penstock.store.flow import FlowRow

EFFECTFUL = frozenset(EFFECTS) - {"uuid", "id", "ksuid", "nanoId", "randomInt"}
"""Functions that reach beyond the processor; a task that calls one is never run in place."""


@dataclass(frozen=True, slots=True)
class FlowVersion:
    """A flow at one revision, parsed. `tasks` has every task by id; `instant` those that only
    compute, so that the executor may run them in place; `may_wait`, whether its start may.
    """

    flow: Flow
    revision: int
    content_hash: str
    source: Source | None = None
    disabled: bool = False
    tasks: dict[str, Task] = field(default_factory=dict)
    instant: frozenset[str] = frozenset()
    has_folders: bool = False
    may_wait: bool = False


class InvalidFlow(Exception):
    """A stored flow does not parse any more (a plugin is gone, for example)."""


class FlowVersions:
    """Finds flows in the database; a content is parsed once, by `parses`, which keeps it."""

    def __init__(
        self, parses: Parses | None = None, defaults: PluginDefaults | None = None
    ) -> None:
        self._parses = parses or Parses()
        self._defaults = defaults or PluginDefaults()
        self._known: WeakKeyDictionary[Reading, FlowVersion] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def latest(
        self,
        tx: Connection,
        tenant: str,
        namespace: str,
        id: str,  # noqa: A002 - the flow's field
    ) -> FlowVersion | None:
        """The present revision, or None. Raises `InvalidFlow`."""
        row = flow_store.find(tx, tenant, namespace, id)
        return None if row is None else self._version(tx, row)

    def at(
        self,
        tx: Connection,
        tenant: str,
        namespace: str,
        id: str,  # noqa: A002 - the flow's field
        revision: int,
    ) -> FlowVersion | None:
        """A given revision, or None. Raises `InvalidFlow`."""
        row = flow_store.find(tx, tenant, namespace, id, revision)
        return None if row is None else self._version(tx, row)

    def _version(self, tx: Connection, row: FlowRow) -> FlowVersion:
        inherited = self._defaults.present(tx, row.tenant).of(row.namespace)
        reading = self._parses.get(row.source, row.content_hash, inherited)
        with self._lock:
            found = self._known.get(reading)
        if found is None:
            found = _valid(reading.parsed, row.revision, row.content_hash)
            with self._lock:
                self._known[reading] = found
        return FlowVersion(
            flow=found.flow,
            revision=row.revision,
            content_hash=row.content_hash,
            source=Source(row.provenance.repository, row.provenance.commit),
            disabled=row.disabled,
            tasks=found.tasks,
            instant=found.instant,
            has_folders=found.has_folders,
            may_wait=found.may_wait,
        )


def version_of(source: str, *, revision: int, content_hash: str) -> FlowVersion:
    """The version of a flow's text. Raises `InvalidFlow` with the first problem's sentence."""
    return _valid(parse(source, cast("Catalog", registry)), revision, content_hash)


def _valid(parsed: Parsed, revision: int, content_hash: str) -> FlowVersion:
    if parsed.flow is None or not parsed.ok:
        problem = next((found for found in parsed.problems if found.is_error), None)
        raise InvalidFlow(problem.sentence() if problem else "it does not parse")
    return of_flow(parsed.flow, revision=revision, content_hash=content_hash)


def of_flow(
    flow: Flow, *, revision: int, content_hash: str, source: Source | None = None
) -> FlowVersion:
    """The version of a parsed flow."""
    tasks = {task.id: task for task in flow.all_tasks()}
    return FlowVersion(
        flow=flow,
        revision=revision,
        content_hash=content_hash,
        source=source,
        disabled=flow.disabled,
        tasks=tasks,
        instant=frozenset(id_ for id_, task in tasks.items() if _is_instant(task)),
        has_folders=any(isinstance(task, FolderTask) for task in tasks.values()),
        may_wait=bool(flow.checks) or any(_may_wait(each) for each in flow.inputs),
    )


def _may_wait(given: BaseInput) -> bool:
    """Whether to resolve an input may take time: files and keys are read, and so may be what
    expressions reach, wherever in the input they are.
    """
    if isinstance(given, FormInput):
        return any(_may_wait(each) for each in given.inputs)
    depends = given.depends_on is not None
    return depends or given.is_secret or isinstance(given, FileInput) or has_expression(repr(given))


def _is_instant(task: Task) -> bool:
    if not isinstance(task, RunnableTask) or not task.instant:
        return False
    if task.log_to_file or task.task_cache is not None:
        return False
    values = [getattr(task, name) for name in type(task).model_fields]
    return not any(functions_in(value) & EFFECTFUL for value in values)


def functions_in(value: object) -> frozenset[str]:
    """Names of the functions that a property's expressions call.

    `render` hides what it renders, so it counts as all of the effectful ones.
    """
    if isinstance(value, Unrendered):
        return functions_in(value.value)
    if isinstance(value, str):
        try:
            names = compile_template(value).functions
        except ExpressionError:
            return frozenset()
        return names | EFFECTFUL if names & {"render", "renderOnce"} else frozenset(names)
    if isinstance(value, dict):
        nested: list[Json] = [*value.keys(), *value.values()]
        return frozenset().union(*(functions_in(item) for item in nested))
    if isinstance(value, list | tuple):
        return frozenset().union(*(functions_in(item) for item in value))
    return frozenset()
