"""`core.templating.TemplatedTask`: runs a task that an expression makes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs, Result, RunnableTask, TaskFailed


class TemplatedTask(RunnableTask):
    """Renders the text of a task, with its type and its properties, and runs that task.

    The task must be one that a worker runs, not one that holds tasks or calls a flow, and not
    another `TemplatedTask`. Its outputs are this task's outputs.

    Example:
        id: made
        namespace: company.team
        inputs:
          - id: level
            type: STRING
            defaults: WARN
        tasks:
          - id: tell
            type: core.templating.TemplatedTask
            spec: |
              id: told
              type: core.log.Log
              message: Told as {{ inputs.level }}
              level: {{ inputs.level }}
    """

    spec: Annotated[Dynamic[str], Field(description="The task as YAML, with expressions.")]

    def run(self, context: RunContext) -> Outputs | Result | None:
        """Runs the task of the rendered text."""
        task = context.make_task(self.spec)
        if isinstance(task, TemplatedTask):
            raise TaskFailed(f"The templated task cannot be of type '{task.type}' itself.")
        if not isinstance(task, RunnableTask):
            raise TaskFailed(
                f"The templated task must be one that a worker runs; '{task.type}' is none."
            )
        return task.run(context)
