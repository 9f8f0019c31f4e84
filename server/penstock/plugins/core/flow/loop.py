"""core.flow.Loop."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Json
from penstock.plugins.core.flow._items import bounded, distinct, parsed, shown, text_of
from penstock.sdk.flowable import Branch, Children, Looping, Render, whole_number, written
from penstock.sdk.loop import LoopingTask
from penstock.sdk.task import TaskFailed

_FILES = ("penstock://", "kestra://", "nsfile://", "file://")


class FetchType(StrEnum):
    """Where the outputs of all iterations go."""

    AUTO = "AUTO"
    FETCH = "FETCH"
    STORE = "STORE"


class Loop(LoopingTask):
    """Runs its tasks once for each value, and gives what each time gave.

    `values` are a list, a map (its keys are `item.key`), a text that is JSON, or the URI of a
    file: one iteration for each line. Values become text (objects become JSON), duplicates are
    dropped, and null fails the task. The tasks of one value run one after another;
    `concurrencyLimit` says how many values are worked on at once.

    Inside, `item.value` is the value, `item.index` its place, from 0, and `item.parent` the item
    of the loop around. Tasks read each other's outputs as anywhere: `outputs.fetch.rows` is that
    of the same iteration. Outside, only `outputs` of the loop is there: a list in the order in
    which the iterations ended.

    Example:
        id: years
        namespace: company.team
        tasks:
          - id: each_year
            type: core.flow.Loop
            values: [2022, 2023, 2024]
            concurrencyLimit: 1
            tasks:
              - id: fetch
                type: core.output.OutputValues
                values:
                  file: "orders-{{ item.value }}.csv"
            outputs:
              - id: file
                type: STRING
                value: "{{ outputs.fetch.values.file }}"
          - id: tell
            type: core.log.Log
            message: "{{ loopOutputs(outputs.each_year, 'file') | join(', ') }}"

    Outputs: `iterationCount`, how many iterations have begun; `terminatedIterations`, how many of
    them have ended, and `runningIterations`, how many have not; `outputs`, a list of `item` (its
    `value`, `iteration` and `key`) and `outputs`, or `uri`, a file with one of these a line.
    """

    values: Annotated[
        str | list[Json] | dict[str, Json],
        Field(description="A list, a map, an expression that renders to one, or a file's URI."),
    ]
    tasks: Annotated[Children, Field(min_length=1, description="Run for each value, in order.")]
    concurrency_limit: Annotated[
        Dynamic[Annotated[int, Field(ge=0)]],
        Field(description="How many values are worked on at once; 0 means all of them."),
    ] = 0
    fetch_type: Annotated[
        FetchType,
        Field(
            description="FETCH keeps the outputs of the iterations in `outputs`, STORE in a file, "
            "`uri`; AUTO is STORE when the values are those of a file, else FETCH."
        ),
    ] = FetchType.AUTO

    def begin(self, render: Render) -> Branch:
        """One group of `tasks` per distinct value."""
        rendered = parsed(self.values, render)
        is_file = isinstance(rendered, str) and rendered.startswith(_FILES)
        keys: tuple[str, ...] | None = None
        if isinstance(rendered, dict):
            keys = tuple(rendered)
            values = bounded("values", tuple(map(text_of, _whole(list(rendered.values())))))
        else:
            items = _lines(str(rendered), render) if is_file else _listed(rendered)
            values = distinct("values", items)
        stores = self.fetch_type is FetchType.STORE
        return Branch(
            values=values,
            limit=whole_number("concurrencyLimit", render(written(self.concurrency_limit))),
            loop=Looping(keys, stores or (is_file and self.fetch_type is FetchType.AUTO)),
        )


def _listed(values: Json) -> list[Json]:
    if not isinstance(values, list | tuple):
        raise TaskFailed(
            "`values` must be a list, a map, an expression that renders to one as JSON, or the "
            f"URI of a file; it rendered to {shown(values)}."
        )
    return _whole(list(values))


def _whole(items: list[Json]) -> list[Json]:
    if None in items:
        raise TaskFailed(
            f"`values` must not contain null; item {items.index(None)} (from 0) is null."
        )
    return items


def _lines(uri: str, render: Render) -> list[Json]:
    text = str(render(f"{{{{ read({json.dumps(uri)}) }}}}"))
    return [line for line in text.splitlines() if line.strip()]
