"""core.flow.Sequential."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from penstock.sdk.flowable import Branch, Children, FlowableTask, Render


class Sequential(FlowableTask):
    """Runs its tasks one after another, as one unit with its own `errors` and `finally`.

    Useful inside `Parallel` or `ForEach`, to keep several steps in order, and to catch the
    failure of some tasks close to where it happens.

    Example:
        id: nightly
        namespace: company.team
        tasks:
          - id: both
            type: core.flow.Parallel
            tasks:
              - id: orders
                type: core.flow.Sequential
                tasks:
                  - id: fetch
                    type: core.log.Log
                    message: fetching orders
                  - id: load
                    type: core.log.Log
                    message: loading orders
              - id: customers
                type: core.log.Log
                message: fetching customers
    """

    tasks: Annotated[Children, Field(min_length=1, description="Run in this order.")]

    def begin(self, render: Render) -> Branch:
        """All of `tasks`, in order."""
        del render
        return Branch()
