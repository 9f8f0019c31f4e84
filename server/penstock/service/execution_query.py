"""Which executions a list or a bulk operation is about, as callers say it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from penstock.model.frozen import Frozen
from penstock.model.state import State
from penstock.store.execution_filter import Filter


class Query(Frozen):
    """Which executions: all that fit everything that is given."""

    namespace: Annotated[
        str | None, Field(max_length=150, description="This namespace and those below it.")
    ] = None
    flow_id: Annotated[str | None, Field(description="The flow.")] = None
    states: Annotated[
        tuple[State, ...], Field(description="In any of these states.", max_length=20)
    ] = ()
    labels: Annotated[dict[str, str], Field(description="With all of these labels.")] = Field(
        default_factory=dict
    )
    created_after: Annotated[AwareDatetime | None, Field(description="Created at or after.")] = None
    created_before: Annotated[AwareDatetime | None, Field(description="Created before.")] = None
    trigger: Annotated[str | None, Field(description="Id of the trigger that started it.")] = None
    parent_id: Annotated[str | None, Field(description="Started by this execution.")] = None
    original_id: Annotated[str | None, Field(description="Made of this execution.")] = None
    top_level: Annotated[
        bool | None, Field(description="Only those that no execution has started, or the others.")
    ] = None

    def filter(self) -> Filter:
        """For the store."""
        return Filter(
            namespace=self.namespace,
            flow_id=self.flow_id,
            states=tuple(state.value for state in self.states),
            labels=tuple(self.labels.items()),
            created_after=self.created_after,
            created_before=self.created_before,
            trigger=self.trigger,
            parent_id=self.parent_id,
            original_id=self.original_id,
            top_level=self.top_level,
        )
