"""Renders expressions for the engine and for tasks of one execution."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from penstock.engine.variables import Environment
from penstock.errors import PenstockError
from penstock.expression import Scope, render_deep
from penstock.expression.error import ExpressionError
from penstock.expression.template import has_expression
from penstock.expression.value import Function, Value, to_text
from penstock.model.execution import Execution
from penstock.model.frozen import Json
from penstock.model.sealed import box_of, holds_sealed, sealed
from penstock.model.task import Task
from penstock.runtime.clock import Clock
from penstock.runtime.files import ExecutionFiles
from penstock.runtime.functions import World, functions_of
from penstock.runtime.history import ExecutionHistory
from penstock.runtime.key_value import KeyValues
from penstock.runtime.masking import Masker
from penstock.runtime.namespace_files import NamespaceFiles
from penstock.runtime.namespace_variables import NamespaceVariables
from penstock.runtime.opened import Opened
from penstock.runtime.processor_time import processor_time
from penstock.runtime.query.process import QUERIES
from penstock.runtime.task_cache import CachedTask, cached_task
from penstock.secrets.envelope import CannotDecrypt
from penstock.store.identity import new_id

_NO_KEY = "Unable to use a `SECRET` input/output as encryption is not configured"
_MAY_HOLD = ("inputs", "outputs", "execution", "parent", "trigger", "vars")
"""Variables in which sealed values may be."""


class Renderer:
    """One execution's way to render; `execution` is kept current by the executor.

    It is the engine's `Ports` too.
    """

    __slots__ = (
        "_clock",
        "_functions",
        "_has_sealed",
        "_roots",
        "_texts",
        "_world",
        "execution",
        "masker",
    )

    def __init__(self, world: World, clock: Clock, execution: Execution) -> None:
        self._world = world
        self._clock = clock
        self.execution = execution
        self.masker = Masker()
        self._functions: dict[bool, Mapping[str, Function]] = {}
        self._roots: dict[str, Json] | None = None
        self._has_sealed = False
        self._texts: dict[str, str] = {}
        self.notice(execution.inputs)
        if execution.origin is not None:
            self.notice(execution.origin.variables)
        for run in execution.task_runs.values():
            # Of an execution that is gone on with: a new one has none.
            self.notice(run.outputs)

    def environment(self) -> Environment:
        """What expressions see of the server and the namespace."""
        shared = self._world.environment_of(self.execution.tenant, self.execution.namespace)
        return replace(shared, namespace=NamespaceVariables(shared.namespace, self._secret))

    def _secret(self, key: str, part: str | None) -> Json:
        """The value that a namespace's variable refers to, as `secret()` gives it."""
        return _json(self._known_functions()["secret"](key, None, part))

    def key_values(self) -> KeyValues:
        """The key-value pairs as this execution reads and writes them."""
        world = self._world
        return KeyValues(
            world.database, self._clock.now, self.execution, self.masker, world.isolation
        )

    def _known_functions(self, *, may_wait: bool = False) -> Mapping[str, Function]:
        known = self._functions.get(may_wait)
        if known is None:
            known = functions_of(self._world, self.key_values(), self.masker, may_wait=may_wait)
            self._functions[may_wait] = known
        return known

    def files(self) -> ExecutionFiles:
        """The stored files as this execution reads and keeps them."""
        return self._world.files_of(self.execution)

    def namespace_files(self) -> NamespaceFiles:
        """The namespaces' files as this execution reads and writes them."""
        return self._world.namespace_files_of(self.execution, self._clock.now)

    def history(self) -> ExecutionHistory:
        """The records of executions as this one may use them."""
        world = self._world
        return ExecutionHistory(
            world.database, world.storage, world.isolation, self.execution, self._clock.now
        )

    def cached(
        self, task: Task, task_run_id: str, variables: Mapping[str, Json]
    ) -> CachedTask | None:
        """The cache of a rendered task, if it has one."""
        if task.task_cache is None:
            return None
        run = self.execution.task_runs[task_run_id]
        return cached_task(
            self._world.database,
            self._clock,
            self.execution,
            task,
            variables=variables,
            value=run.value,
        )

    def new_id(self) -> str:
        """A fresh id for a task run or a child execution."""
        return new_id()

    def seal(self, text: str) -> Json:
        """A secret text in the form in which it is kept. Raises `ExpressionError`."""
        cipher = self._world.cipher
        if cipher is None:
            raise ExpressionError(_NO_KEY)
        self.masker.taint(text)
        self._has_sealed = True
        return sealed(cipher.seal(self.execution.tenant, text))

    def keep(self, task_id: str, task_run_id: str, name: str, records: list[Json]) -> str:
        """Stores a file of a task run, without secrets; gives its URI. Raises `ExpressionError`."""
        with TemporaryDirectory(prefix="penstock-") as folder:
            path = Path(folder) / "content"
            with path.open("wb") as file:
                file.writelines(orjson.dumps(self.masker.value(each)) + b"\n" for each in records)
            try:
                return self.files().keep(path, task=task_id, task_run=task_run_id, name=name)
            except (OSError, PenstockError) as error:
                raise ExpressionError(f"'{name}' cannot be stored: {error}") from error

    def notice(self, value: Json) -> None:
        """Values arrive that expressions may read: secrets that are sealed in them are hidden."""
        if not holds_sealed(value):
            return
        self._has_sealed = True
        pending: list[Json] = [value]
        while pending:
            each = pending.pop()
            box = box_of(each)
            if box is not None:
                with suppress(ExpressionError):  # told to who reads it
                    self._open(box)
            elif isinstance(each, dict):
                pending.extend(each.values())
            elif isinstance(each, list):
                pending.extend(each)

    def _open(self, box: str) -> str:
        text = self._texts.get(box)
        if text is None:
            cipher = self._world.cipher
            if cipher is None:
                raise ExpressionError(_NO_KEY)
            try:
                text = cipher.open(self.execution.tenant, box)
            except CannotDecrypt as error:
                raise ExpressionError(f"A secret value cannot be read: {error.message}") from None
            self.masker.taint(text)
            self._texts[box] = text
        return text

    def _opened(self, variables: Mapping[str, Json]) -> Mapping[str, Json]:
        opened: dict[str, Json] = {**variables}
        for name in _MAY_HOLD:
            values = opened.get(name)
            if isinstance(values, Mapping):
                opened[name] = Opened(values, self._open)  # type: ignore[assignment] - a Mapping
        return opened

    def render(
        self,
        value: Json,
        variables: Mapping[str, Json],
        *,
        typed: bool = False,
        may_wait: bool = False,
    ) -> Json:
        """Renders expressions deeply with `variables` and those of the environment.

        `may_wait` is for workers: nobody else waits there for a function that takes its time.
        """
        if isinstance(value, str) and not has_expression(value):
            return value
        functions = self._known_functions(may_wait=may_wait)
        if self._roots is None:
            self._roots = self.environment().variables()
        if self._has_sealed:
            variables = self._opened(variables)
        scope = Scope(
            variables={**self._roots, **variables},
            functions=functions,
            now=self._clock.now(),
            queries=QUERIES,
            clock=processor_time,
        )
        return _json(render_deep(value, scope, typed=typed))


def _json(value: Value) -> Json:
    """What an expression gave, as JSON: moments and decimals as texts and numbers."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return to_text(value)
