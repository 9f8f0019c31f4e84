"""`core.condition.MultipleCondition`: several conditions, within a time window."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from penstock.model.condition import Case, Condition
from penstock.plugins.core.trigger._window import OldWindow


class MultipleCondition(Condition):
    """Holds when executions of other flows have met each of several conditions in a time window.
    It is the oldest spelling of `dependsOn`, and only known to `core.trigger.Flow`.

    Example:
        id: multiple_condition
        namespace: company.team
        tasks:
          - {id: work, type: core.log.Log, message: "after {{ trigger.flowId ?? 'nothing' }}"}
        triggers:
          - id: after_both
            type: core.trigger.Flow
            conditions:
              - type: core.condition.MultipleCondition
                id: both
                window: P1D
                conditions:
                  orders: {type: core.condition.ExecutionFlow, namespace: company.team, flowId: a}
                  items: {type: core.condition.ExecutionFlow, namespace: company.team, flowId: b}
    """

    replacement: ClassVar[str] = "dependsOn: [{namespace: …, flowId: …}, …]"

    id: Annotated[str, Field(description="A name for what is remembered.")]
    conditions: Annotated[
        dict[str, Condition], Field(min_length=1, description="The conditions, by name.")
    ]
    window: Annotated[
        timedelta | None, Field(gt=timedelta(), description="How long the window is; a day.")
    ] = None
    window_advance: Annotated[
        timedelta | None, Field(description="How much later than midnight it begins.")
    ] = None
    time_window: Annotated[
        OldWindow | None, Field(description="The window, in place of `window`.")
    ] = None
    reset_on_success: Annotated[
        bool, Field(description="Whether all must be met anew after a start.")
    ] = True

    def holds(self, case: Case) -> bool:
        """Whether one execution meets all at once, which is all that can be told of one."""
        return all(each.holds(case) for each in self.conditions.values())

    def normal_window(self) -> OldWindow:
        """The window in the spelling of preconditions."""
        if self.time_window is not None:
            return self.time_window
        return OldWindow(window=self.window, window_advance=self.window_advance)
