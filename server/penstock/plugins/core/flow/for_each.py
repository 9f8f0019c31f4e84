"""core.flow.ForEach."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Json
from penstock.plugins.core.flow._items import distinct, items_of
from penstock.sdk.flowable import Branch, Children, FlowableTask, Render, whole_number, written


class ForEach(FlowableTask):
    """Runs its tasks once for each value.

    The tasks of one value run one after another. `concurrencyLimit` says how many values are
    worked on at once: 1 is one after another, 0 is all of them. Values become text (objects
    become JSON) and duplicates are dropped. Inside, `taskrun.value` is the value and
    `taskrun.iteration` its place, from 0; inside a nested task that holds tasks, it is
    `parent.taskrun.value`. Outputs are keyed by value: `outputs.fetch['2024']`.

    Example:
        id: years
        namespace: company.team
        tasks:
          - id: each-year
            type: core.flow.ForEach
            values: [2022, 2023, 2024]
            concurrencyLimit: 2
            tasks:
              - id: fetch
                type: core.output.OutputValues
                values:
                  file: "orders-{{ taskrun.value }}.csv"
              - id: tell
                type: core.log.Log
                message: "{{ outputs.fetch[taskrun.value].values.file }}"
    """

    values: Annotated[
        str | list[Json],
        Field(description="A list, or an expression that renders to a JSON array."),
    ]
    tasks: Annotated[Children, Field(min_length=1, description="Run for each value, in order.")]
    concurrency_limit: Annotated[
        Dynamic[Annotated[int, Field(ge=0)]],
        Field(description="How many values are worked on at once; 0 means all of them."),
    ] = 1

    def begin(self, render: Render) -> Branch:
        """One group of `tasks` per distinct value."""
        return Branch(
            values=distinct("values", items_of("values", self.values, render)),
            limit=whole_number("concurrencyLimit", render(written(self.concurrency_limit))),
        )
