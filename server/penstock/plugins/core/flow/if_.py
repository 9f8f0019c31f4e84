"""core.flow.If."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.expression import is_truthy
from penstock.model.frozen import Json
from penstock.sdk.flowable import Branch, Children, FlowableTask, Render


class If(FlowableTask):
    """Runs `then` or `else`, by a condition that is evaluated once, when the task starts.

    A condition is false when it renders to `false`, `0`, `-0` or to blank text. False without
    `else` is a success. A condition that cannot be rendered fails the task.

    Example:
        id: gate
        namespace: company.team
        inputs:
          - id: rows
            type: INT
            defaults: 100
        tasks:
          - id: enough
            type: core.flow.If
            condition: "{{ inputs.rows > 10 }}"
            then:
              - id: go
                type: core.log.Log
                message: enough rows
            else:
              - id: stop
                type: core.execution.Fail
                errorMessage: "only {{ inputs.rows }} rows"

    Outputs: `evaluationResult`, whether the condition was true.
    """

    task_fields: ClassVar[tuple[str, ...]] = ("then", "else_", "errors", "finally_")

    condition: Annotated[
        str | bool | int | float, Field(description="An expression; rendered once.")
    ]
    then: Annotated[Children, Field(min_length=1, description="Run when the condition is true.")]
    else_: Annotated[
        Children, Field(alias="else", description="Run when the condition is false.")
    ] = ()

    def begin(self, render: Render) -> Branch:
        """`then` or `else`, in order."""
        condition: Json = self.condition
        result = is_truthy(render(condition))
        return Branch(children="then" if result else "else_", outputs={"evaluationResult": result})
