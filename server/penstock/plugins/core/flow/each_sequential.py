"""core.flow.EachSequential."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.model.frozen import Json
from penstock.plugins.core.flow._items import distinct, items_of
from penstock.sdk.flowable import Branch, Children, FlowableTask, Render


class EachSequential(FlowableTask):
    """Runs its tasks once for each value, one value after another.

    The older form of `core.flow.ForEach` with `concurrencyLimit: 1`; use that.

    Example:
        id: years
        namespace: company.team
        tasks:
          - id: each-year
            type: core.flow.EachSequential
            value: ["2022", "2023"]
            tasks:
              - id: tell
                type: core.log.Log
                message: "{{ taskrun.value }}"
    """

    replaced_by: ClassVar[str] = "core.flow.ForEach"

    value: Annotated[
        str | list[Json],
        Field(description="A list, or an expression that renders to a JSON array."),
    ]
    tasks: Annotated[Children, Field(min_length=1, description="Run for each value, in order.")]

    def begin(self, render: Render) -> Branch:
        """One group of `tasks` per distinct value."""
        return Branch(values=distinct("value", items_of("value", self.value, render)))
