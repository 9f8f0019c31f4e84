"""Renders expressions for the engine and for tasks of one execution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from penstock.engine.variables import Environment
from penstock.expression import Scope, render_deep
from penstock.expression.error import ExpressionError
from penstock.expression.template import has_expression
from penstock.expression.value import Function, Value, to_text
from penstock.model.execution import Execution
from penstock.model.frozen import Json
from penstock.runtime.clock import Clock
from penstock.runtime.files import ExecutionFiles
from penstock.runtime.functions import World, functions_of
from penstock.runtime.key_value import KeyValues
from penstock.runtime.masking import Masker
from penstock.runtime.namespace_variables import NamespaceVariables
from penstock.runtime.query.process import QUERIES
from penstock.store.identity import new_id


class Renderer:
    """One execution's way to render; `execution` is kept current by the executor.

    It is the engine's `Ports` too.
    """

    __slots__ = ("_clock", "_functions", "_roots", "_world", "execution", "masker")

    def __init__(self, world: World, clock: Clock, execution: Execution) -> None:
        self._world = world
        self._clock = clock
        self.execution = execution
        self.masker = Masker()
        self._functions: dict[bool, Mapping[str, Function]] = {}
        self._roots: dict[str, Json] | None = None

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

    def new_id(self) -> str:
        """A fresh id for a task run or a child execution."""
        return new_id()

    def seal(self, text: str) -> Json:
        """A secret text in the form in which it is kept. Raises `ExpressionError`."""
        del text
        raise ExpressionError(
            "Unable to use a `SECRET` input/output as encryption is not configured"
        )

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
        scope = Scope(
            variables={**self._roots, **variables},
            functions=functions,
            now=self._clock.now(),
            queries=QUERIES,
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
