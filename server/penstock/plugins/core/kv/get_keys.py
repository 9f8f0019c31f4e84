"""`core.kv.GetKeys`: the keys of a namespace."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs, RunnableTask


class GetKeys(RunnableTask):
    """Gives the keys of one namespace, those that have expired not among them.

    Outputs: `keys`, in order.

    Example:
        id: list_keys
        namespace: company.team
        tasks:
          - id: write
            type: core.kv.Set
            key: offset.orders
            value: 17
          - id: offsets
            type: core.kv.GetKeys
            prefix: offset.
          - id: show
            type: core.log.Log
            message: "{{ outputs.offsets.keys | join(', ') }}"
    """

    prefix: Annotated[Dynamic[str | None], Field(description="Only keys that begin with this.")] = (
        None
    )
    namespace: Annotated[
        Dynamic[str | None], Field(description="Whose keys; the flow's namespace by default.")
    ] = None

    def run(self, context: RunContext) -> Outputs:
        """Reads them."""
        return {"keys": [*context.key_values.keys(self.prefix or "", self.namespace)]}
