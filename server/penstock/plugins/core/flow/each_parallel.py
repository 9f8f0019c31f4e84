"""core.flow.EachParallel."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Json
from penstock.plugins.core.flow._items import distinct, items_of
from penstock.sdk.flowable import (
    Branch,
    Children,
    FlowableTask,
    Render,
    whole_number,
    written,
)


class EachParallel(FlowableTask):
    """Runs its tasks for each value, all of them at the same time.

    Also the tasks of one value run at the same time: put them into a `core.flow.Sequential` to
    keep them in order, or use `core.flow.ForEach` with `concurrencyLimit: 0`, which does so.

    Example:
        id: years
        namespace: company.team
        tasks:
          - id: each-year
            type: core.flow.EachParallel
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
    tasks: Annotated[Children, Field(min_length=1, description="Run for each value.")]
    concurrent: Annotated[
        Dynamic[Annotated[int, Field(ge=0)]],
        Field(description="How many tasks run at once; 0 means all of them."),
    ] = 0

    def begin(self, render: Render) -> Branch:
        """Each task of each distinct value is a group of its own."""
        return Branch(
            values=distinct("value", items_of("value", self.value, render)),
            chained=False,
            limit=whole_number("concurrent", render(written(self.concurrent))),
        )
