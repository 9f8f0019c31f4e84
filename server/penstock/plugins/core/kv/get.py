"""`core.kv.Get`: reads a key-value pair."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from penstock.errors import NotFound
from penstock.model.dynamic import Dynamic
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs, RunnableTask


class Get(RunnableTask):
    """Reads the value of a key; the function `kv()` does the same within an expression.

    Outputs: `value`, of the type that it was written with, null when there is none.

    Example:
        id: read_a_key
        namespace: company.team
        tasks:
          - id: last
            type: core.kv.Get
            key: last_run
          - id: show
            type: core.log.Log
            message: "{{ outputs.last.value ?? 'never' }}"
    """

    key: Annotated[Dynamic[str], Field(description="The key.")]
    namespace: Annotated[
        Dynamic[str] | None,
        Field(
            description="The namespace to read from; without it the flow's own, then those above."
        ),
    ] = None
    error_on_missing: Annotated[
        Dynamic[bool], Field(description="Whether a key that is not there fails the task.")
    ] = False

    def run(self, context: RunContext) -> Outputs:
        """Reads it. Raises `NotFound` when that is asked for."""
        namespace = None if self.namespace == context.namespace else self.namespace
        try:
            return {"value": context.key_values.read(self.key, namespace)}
        except NotFound:
            if self.error_on_missing:
                raise
            return {"value": None}
