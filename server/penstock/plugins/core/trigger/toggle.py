"""`core.trigger.Toggle`: lets a trigger start executions, or not."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.sdk.context import RunContext
from penstock.sdk.task import RunnableTask


class Toggle(RunnableTask):
    """Enables or disables a trigger of a flow, until it is toggled again, whatever its flow says.

    A trigger that is enabled goes on from now: what it missed meanwhile is not made up for.

    Example:
        id: pause-nightly
        namespace: company.team
        tasks:
          - id: off
            type: core.trigger.Toggle
            flowId: nightly
            trigger: at_night
            enabled: false
    """

    flow_id: Annotated[
        Dynamic[str | None], Field(description="Id of the flow; this one if it is left out.")
    ] = None
    namespace: Annotated[
        Dynamic[str | None], Field(description="Its namespace; this one's if it is left out.")
    ] = None
    trigger: Annotated[Dynamic[str], Field(description="Id of the trigger.")]
    enabled: Annotated[Dynamic[bool], Field(description="Whether it shall start executions.")] = (
        False
    )

    def run(self, context: RunContext) -> None:
        """Changes the trigger's state."""
        context.history.toggle_trigger(
            self.namespace or context.namespace,
            self.flow_id or context.flow_id,
            self.trigger,
            enabled=self.enabled,
        )
