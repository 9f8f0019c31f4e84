"""core.flow.Parallel."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.sdk.flowable import Branch, Children, FlowableTask, Render, whole_number, written


class Parallel(FlowableTask):
    """Runs its tasks at the same time.

    After the first failure no further task starts. `errors` starts at once; tasks that already
    run are left to finish, and the task ends after them.

    Example:
        id: fetch-all
        namespace: company.team
        tasks:
          - id: sources
            type: core.flow.Parallel
            concurrent: 2
            tasks:
              - id: orders
                type: core.log.Log
                message: fetching orders
              - id: customers
                type: core.log.Log
                message: fetching customers
              - id: payments
                type: core.log.Log
                message: fetching payments
    """

    tasks: Annotated[Children, Field(min_length=1, description="Started in this order.")]
    concurrent: Annotated[
        Dynamic[Annotated[int, Field(ge=0)]],
        Field(description="How many run at once; 0 means all of them."),
    ] = 0

    def begin(self, render: Render) -> Branch:
        """Each task is a group of its own."""
        return Branch(
            chained=False, limit=whole_number("concurrent", render(written(self.concurrent)))
        )
