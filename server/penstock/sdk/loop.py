"""Tasks that run their children once for each value and keep what each time gave."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.model.output import FlowOutput
from penstock.model.state import State
from penstock.sdk.flowable import FlowableTask


class LoopingTask(FlowableTask):
    """A task whose iterations have outputs of their own, which only they see."""

    task_fields: ClassVar[tuple[str, ...]] = ("tasks", "errors", "finally_")

    transmit_failed: Annotated[
        bool,
        Field(
            description="Whether an iteration that is FAILED, KILLED or CANCELLED ends the loop in "
            "that state; otherwise the loop is a SUCCESS whatever its iterations are."
        ),
    ] = True
    outputs: Annotated[
        tuple[FlowOutput, ...],
        Field(description="Values that each iteration gives, written as the outputs of a flow."),
    ] = ()
    break_when: Annotated[
        str | bool | None,
        Field(
            description="An expression, rendered after each iteration; when it is true no further "
            "iteration starts. It sees `item`, and of the iteration that has ended "
            "`iteration.executionId`, `iteration.state` and `iteration.outputs`."
        ),
    ] = None

    def settle(self, children: State) -> State:
        """A warning of an iteration is none of the loop."""
        return State.SUCCESS if children is State.WARNING else children
