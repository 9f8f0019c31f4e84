"""`core.kv.Put`: merges a value into a key-value pair."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Json
from penstock.sdk.context import RunContext
from penstock.sdk.task import RunnableTask


class Put(RunnableTask):
    """Merges a map into the one that a key holds, entry by entry at every depth.

    Lists, texts and numbers are replaced. A key that is not there is written as it is. When the
    pair expires, and what is said about it, stays. Reading and writing is one step: of two
    executions that put at the same time neither loses what the other has put.

    Example:
        id: count_rows
        namespace: company.team
        tasks:
          - id: first
            type: core.kv.Put
            key: rows
            value:
              orders: 17
          - id: second
            type: core.kv.Put
            key: rows
            value:
              customers: 3
          - id: show
            type: core.log.Log
            message: "{{ kv('rows').orders + kv('rows').customers }}"
    """

    key: Annotated[Dynamic[str], Field(description="The key.")]
    value: Annotated[
        Dynamic[Json], Field(description="What to merge; one single expression keeps its type.")
    ]
    namespace: Annotated[
        Dynamic[str | None], Field(description="Where; the flow's namespace by default.")
    ] = None
    error_on_missing: Annotated[
        Dynamic[bool], Field(description="Whether a key that is not there fails the task.")
    ] = False

    def run(self, context: RunContext) -> None:
        """Merges it. Raises `NotFound` when that is asked for."""
        context.key_values.patch(
            self.key, self.value, namespace=self.namespace, create=not self.error_on_missing
        )
