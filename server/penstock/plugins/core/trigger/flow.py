"""`core.trigger.Flow`: starts the flow when executions of other flows reach a state."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from penstock.model.frozen import Frozen
from penstock.model.state import State
from penstock.model.trigger import Trigger
from penstock.plugins.core.trigger._dependency import DependsOn, Preconditions
from penstock.plugins.core.trigger._window import TimeWindow, Window

ENDED = (
    State.SUCCESS,
    State.WARNING,
    State.FAILED,
    State.KILLED,
    State.CANCELLED,
    State.RETRIED,
    State.PAUSED,
)


class Mode(StrEnum):
    """How many of several upstream flows must have done their part."""

    ALL = "ALL"
    ANY = "ANY"
    AT_LEAST = "AT_LEAST"


class MissBehavior(StrEnum):
    """What happens when a window ends too early."""

    FAIL = "FAIL"


class OnMiss(Frozen):
    """What happens when a window ends and the others have not done their part."""

    behavior: Annotated[
        MissBehavior, Field(description="FAIL makes a FAILED execution that says what is missing.")
    ] = MissBehavior.FAIL
    labels: Annotated[
        dict[str, str] | None, Field(description="Further labels of that execution.")
    ] = None


class Flow(Trigger):
    """Starts the flow when executions of other flows reach a state, once for each time they do.
    It never starts after executions of its own flow, and in a chain of such triggers no flow is
    started twice.

    Without `dependsOn` and `preconditions` each execution counts by itself. With them the flow
    starts when the others have done their part within one time window; then the window begins
    anew.

    Expressions see `trigger.executionId`, `trigger.executionLabels`, `trigger.state`,
    `trigger.namespace`, `trigger.flowId`, `trigger.flowRevision`, `trigger.startDate`,
    `trigger.endDate`, `trigger.firstFailedTaskId`, `trigger.lastTaskId` and `trigger.outputs`:
    those of the other flow, and below the flow's id when there are several.

    Example:
        id: report_after_loads
        namespace: company.team
        tasks:
          - id: hello
            type: core.log.Log
            message: "{{ trigger.flowId ?? 'nobody' }} was the last"
        triggers:
          - id: both_loaded
            type: core.trigger.Flow
            dependsOn:
              - {namespace: company.team, flowId: load_orders}
              - {namespace: company.team, flowId: load_customers, states: [SUCCESS, WARNING]}
            window:
              deadline: "09:00:00+01:00"
    """

    states: Annotated[
        tuple[State, ...],
        Field(description="The states that count; all in which an execution ends, and PAUSED."),
    ] = ENDED
    depends_on: Annotated[
        tuple[DependsOn, ...], Field(description="The flows that must have done their part.")
    ] = ()
    window: Annotated[
        Window | None, Field(description="The time in which they must; a day when left out.")
    ] = None
    mode: Annotated[Mode, Field(description="How many of `dependsOn` are needed.")] = Mode.ALL
    min_satisfied: Annotated[
        int | None, Field(ge=1, description="With `mode: AT_LEAST`: how many.")
    ] = None
    on_miss: Annotated[
        OnMiss | None,
        Field(description="What happens when the window ends without them; nothing when left out."),
    ] = None
    preconditions: Annotated[
        Preconditions | None, Field(description="The older spelling of `dependsOn` and `window`.")
    ] = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.depends_on and self.preconditions is not None:
            raise ValueError("`dependsOn` is the present spelling of `preconditions`: keep one")
        if self.mode is Mode.AT_LEAST and self.min_satisfied is None:
            raise ValueError("`mode: AT_LEAST` needs `minSatisfied`")
        if self.mode is not Mode.AT_LEAST and self.min_satisfied is not None:
            raise ValueError("`minSatisfied` belongs to `mode: AT_LEAST`")
        if self.min_satisfied is not None and self.min_satisfied > len(self.depends_on):
            count = len(self.depends_on)
            raise ValueError(f"`minSatisfied` is {self.min_satisfied}, but `dependsOn` has {count}")
        if not self.depends_on and (self.window is not None or self.on_miss is not None):
            raise ValueError("`window` and `onMiss` are about `dependsOn`, and there is none")
        if self.on_miss is not None and self.time_window().is_sliding:
            raise ValueError("`onMiss` needs a window that ends, and `lookback` slides on")
        return self

    def time_window(self) -> TimeWindow:
        """The window in which the others must do their part."""
        if self.preconditions is not None:
            return self.preconditions.time_window.normal()
        return TimeWindow() if self.window is None else self.window.normal()

    def needed(self, count: int) -> int:
        """How many of `count` parts must be done."""
        if self.mode is Mode.ANY:
            return 1
        return count if self.min_satisfied is None else self.min_satisfied

    @property
    def resets(self) -> bool:
        """Whether the parts must be done anew after a start."""
        return self.preconditions is None or self.preconditions.reset_on_success
