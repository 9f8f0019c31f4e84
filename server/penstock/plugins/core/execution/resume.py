"""`core.execution.Resume`: lets a paused execution go on."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Json
from penstock.sdk.context import RunContext
from penstock.sdk.task import RunnableTask, TaskFailed


class Resume(RunnableTask):
    """Resumes an execution that is paused, by a `Pause` task or by hand.

    The execution is named by its id, or by its flow: then it is the one that was created last
    among the paused executions of that flow. One that is not paused fails the task.

    Example:
        id: go-on
        namespace: company.team
        inputs:
          - id: execution
            type: STRING
            defaults: 5jfz0V2XhTq8
        tasks:
          - id: resume
            type: core.execution.Resume
            executionId: "{{ inputs.execution }}"
            inputs:
              approved: true
    """

    execution_id: Annotated[
        Dynamic[str | None], Field(description="The paused execution, by its id.")
    ] = None
    namespace: Annotated[
        Dynamic[str | None],
        Field(description="Namespace of its flow, instead of the id; this one's if left out."),
    ] = None
    flow_id: Annotated[Dynamic[str | None], Field(description="Id of its flow.")] = None
    inputs: Annotated[
        Dynamic[dict[str, Json] | None], Field(description="What the paused task asks for.")
    ] = None

    def run(self, context: RunContext) -> None:
        """Resumes it, and ends when it goes on."""
        if self.execution_id is None and self.flow_id is None:
            raise TaskFailed("`executionId`, or `flowId`, must say which execution is resumed.")
        found = self.execution_id or context.history.paused(
            self.namespace or context.namespace, str(self.flow_id)
        )
        context.resume(found, self.inputs or {})
