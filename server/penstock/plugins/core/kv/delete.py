"""`core.kv.Delete`: removes a key-value pair."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from penstock.errors import NotFound
from penstock.model.dynamic import Dynamic
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs, RunnableTask


class Delete(RunnableTask):
    """Removes a key with its value and its versions, of exactly one namespace.

    Outputs: `deleted`, whether it was there.

    Example:
        id: forget_a_key
        namespace: company.team
        tasks:
          - id: forget
            type: core.kv.Delete
            key: last_run
          - id: show
            type: core.log.Log
            message: "{{ outputs.forget.deleted ? 'forgotten' : 'there was none' }}"
    """

    key: Annotated[Dynamic[str], Field(description="The key.")]
    namespace: Annotated[
        Dynamic[str | None], Field(description="Where; the flow's namespace by default.")
    ] = None
    error_on_missing: Annotated[
        Dynamic[bool], Field(description="Whether a key that is not there fails the task.")
    ] = False

    def run(self, context: RunContext) -> Outputs:
        """Removes it. Raises `NotFound` when that is asked for."""
        was_there = context.key_values.delete(self.key, self.namespace)
        if not was_there and self.error_on_missing:
            place = self.namespace or context.namespace
            raise NotFound(
                f"There is no key '{self.key}' in the namespace '{place}' to delete, and "
                "`errorOnMissing` is true."
            )
        return {"deleted": was_there}
