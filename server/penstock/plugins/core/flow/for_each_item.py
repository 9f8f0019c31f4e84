"""core.flow.ForEachItem."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.model.task import Task
from penstock.plugins.core.flow._batch import Batch, Calls, Merge, Parts
from penstock.plugins.core.flow._call import Call
from penstock.plugins.core.flow.subflow import Subflow
from penstock.sdk.flowable import Branch, FlowableTask, Render, written


class ForEachItem(Call, FlowableTask):
    """Splits a file into batches and executes a flow for each of them, all at the same time.

    The flow gets its batch, usually as an input of type FILE: `taskrun.items` is the URI of the
    batch, `taskrun.iteration` its number, from 0. The task expands to three, which other tasks
    may read: `<id>_split` makes the batches, `<id>_items` executes the flow for each of them (as
    `<id>_subflow`), and `<id>_merge` brings together what the executions gave. A restart
    executes only what failed.

    Example:
        id: orders
        namespace: company.team
        tasks:
          - id: write
            type: core.storage.Write
            content: |
              Ada
              Grace
              Edsger
          - id: each
            type: core.flow.ForEachItem
            items: "{{ outputs.write.uri }}"
            batch:
              rows: 2
            namespace: company.team
            flowId: load-orders
            wait: true
            inputs:
              file: "{{ taskrun.items }}"
          - id: tell
            type: core.log.Log
            message: "{{ outputs.each_merge.subflowOutputs }}"

    Outputs: `numberOfBatches`; `iterations`, how many executions ended in each state; `uri`, the
    outputs of the executions, a line of JSON for each, when the flow has outputs; `splits`, a
    file that lists the batches, and `calls`, one that tells of each batch what it gave. Of
    `<id>_split`: `splits`. Of `<id>_merge`: `subflowOutputs`, the file of `uri`, which is empty
    when the flow has no outputs.
    """

    task_fields: ClassVar[tuple[str, ...]] = ("errors", "finally_")

    items: Annotated[Dynamic[str], Field(description="URI of the file.")]
    batch: Annotated[
        Batch, Field(description="How to split the file; one row each by default.")
    ] = Batch()

    def lists(self) -> Iterator[tuple[str, tuple[Task, ...]]]:
        """The tasks to which this one expands, and those of its text."""
        call = f"{self.id}_subflow"
        fields = {name: getattr(self, name) for name in Call.model_fields}
        kept = {name: fields[name] for name in fields if name not in Task.model_fields}
        subflow = Subflow.model_construct(
            id=call, type="core.flow.Subflow", description=self.description, **kept
        )
        yield (
            "tasks",
            (
                Parts.of(f"{self.id}_split", self.batch),
                Calls.of(f"{self.id}_items", subflow),
                Merge.of(f"{self.id}_merge"),
            ),
        )
        yield from super().lists()

    def begin(self, render: Render) -> Branch:
        """The three tasks, in order."""
        return Branch(outputs={"items": str(render(written(self.items)))})
