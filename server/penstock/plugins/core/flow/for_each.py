"""core.flow.ForEach."""

from __future__ import annotations

import contextlib
import json
from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Json
from penstock.sdk.flowable import Branch, Children, FlowableTask, Render, whole_number, written
from penstock.sdk.task import TaskFailed

_MOST_SHOWN = 100


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
            values=tuple(dict.fromkeys(_text(item) for item in self._items(render))),
            limit=whole_number("concurrencyLimit", render(written(self.concurrency_limit))),
        )

    def _items(self, render: Render) -> list[Json]:
        if not isinstance(self.values, str):
            rendered = render(self.values)
        else:
            rendered = render(self.values, typed=True)
        if isinstance(rendered, str):
            with contextlib.suppress(ValueError):
                rendered = json.loads(rendered)
        if not isinstance(rendered, list | tuple):
            raise TaskFailed(
                "`values` must be a list or an expression that renders to a JSON array; "
                f"it rendered to {_shown(rendered)}."
            )
        if None in rendered:
            raise TaskFailed(
                f"`values` must not contain null; item {rendered.index(None)} (from 0) is null."
            )
        return list(rendered)


def _shown(value: Json) -> str:
    # Never a piece: of a secret nobody would know it again, to hide it.
    text = str(value)
    return f"`{text}`" if len(text) <= _MOST_SHOWN else f"a value of {len(text)} characters"


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
