"""core.flow.Dag."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from penstock.model.dynamic import Dynamic
from penstock.model.task import Entry
from penstock.sdk.flowable import Branch, FlowableTask, Render, whole_number, written


class DagTask(Entry):
    """A task and the tasks that must have ended before it starts."""

    depends_on: Annotated[
        tuple[str, ...], Field(description="Ids of other tasks of this graph.")
    ] = ()


class Dag(FlowableTask):
    """Runs tasks as soon as those that they depend on have ended, as many as possible at once.

    A task starts when all in its `dependsOn` are SUCCESS, WARNING or SKIPPED. After the first
    failure no further task starts, as in `Parallel`; with `allowFailure` a failed task is a
    WARNING, and those that depend on it run.

    Example:
        id: graph
        namespace: company.team
        tasks:
          - id: load
            type: core.flow.Dag
            tasks:
              - task:
                  id: orders
                  type: core.log.Log
                  message: orders
              - task:
                  id: customers
                  type: core.log.Log
                  message: customers
              - task:
                  id: report
                  type: core.log.Log
                  message: report of both
                dependsOn: [orders, customers]
    """

    tasks: Annotated[
        tuple[DagTask, ...],
        Field(description="Tasks, each with what it depends on."),
    ] = ()
    concurrent: Annotated[
        Dynamic[Annotated[int, Field(ge=0)]],
        Field(description="How many run at once; 0 means as many as possible."),
    ] = 0

    @model_validator(mode="after")
    def _is_a_graph(self) -> Self:
        if not self.tasks:
            raise ValueError("No task defined")
        needs = self.needs()
        unknown = {name for wanted in needs.values() for name in wanted if name not in needs}
        if unknown and "broken" not in needs:
            raise ValueError(
                f"Not existing task id in dependency: {', '.join(sorted(unknown))}. "
                f"The tasks of this graph are {', '.join(needs)}"
            )
        cycle = _cycle(needs)
        if cycle:
            raise ValueError(f"Cyclic dependency detected: {', '.join(cycle)}")
        return self

    def needs(self) -> Mapping[str, tuple[str, ...]]:
        """What each task waits for."""
        return {each.task.id: each.depends_on for each in self.tasks}

    def begin(self, render: Render) -> Branch:
        """Each task is a group of its own."""
        return Branch(
            chained=False, limit=whole_number("concurrent", render(written(self.concurrent)))
        )


def _cycle(needs: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The tasks on a cycle, in the order of the text; none when there is no cycle."""
    left = {name: set(wanted) & needs.keys() for name, wanted in needs.items()}
    while free := [name for name, wanted in left.items() if not wanted]:
        for name in free:
            del left[name]
        for wanted in left.values():
            wanted.difference_update(free)
    # What only waits for a cycle is no part of it.
    while idle := [name for name in left if not any(name in wanted for wanted in left.values())]:
        for name in idle:
            del left[name]
    return list(left)
