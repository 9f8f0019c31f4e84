"""core.flow.AllowFailure."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from penstock.model.state import State
from penstock.sdk.flowable import Branch, Children, FlowableTask, Render


class AllowFailure(FlowableTask):
    """Runs its tasks one after another; when one fails, the rest of the flow goes on.

    A failed task stops those behind it in this list, and `errors` runs. Then the task is a
    WARNING, also when a task of `errors` failed.

    Example:
        id: optional
        namespace: company.team
        tasks:
          - id: may-fail
            type: core.flow.AllowFailure
            tasks:
              - id: check
                type: core.execution.Fail
                errorMessage: not reachable
              - id: never
                type: core.log.Log
                message: this does not run
          - id: goes-on
            type: core.log.Log
            message: "may-fail is {{ tasks['may-fail'].state }}"
    """

    tasks: Annotated[Children, Field(min_length=1, description="Run in this order.")]

    def begin(self, render: Render) -> Branch:
        """All of `tasks`, in order."""
        del render
        return Branch()

    def settle(self, children: State) -> State:
        """WARNING instead of FAILED."""
        return State.WARNING if children is State.FAILED else children
