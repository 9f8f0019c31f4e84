"""core.flow.Switch."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from penstock.model.frozen import Json
from penstock.sdk.flowable import Branch, Children, FlowableTask, Render
from penstock.sdk.task import TaskFailed


class Switch(FlowableTask):
    """Runs one of several lists of tasks, by a value that is rendered once.

    The case whose name is exactly the rendered value runs, or `defaults` when there is none. A
    value without a case fails the task when there are no `defaults`.

    Example:
        id: route
        namespace: company.team
        inputs:
          - id: kind
            type: STRING
            defaults: orders
        tasks:
          - id: by-kind
            type: core.flow.Switch
            value: "{{ inputs.kind }}"
            cases:
              orders:
                - id: load-orders
                  type: core.log.Log
                  message: loading orders
              customers:
                - id: load-customers
                  type: core.log.Log
                  message: loading customers
            defaults:
              - id: unknown
                type: core.execution.Fail
                errorMessage: "nobody loads {{ inputs.kind }}"

    Outputs: `value`, what the value rendered to; `defaults`, whether `defaults` ran.
    """

    task_fields: ClassVar[tuple[str, ...]] = ("cases", "defaults", "errors", "finally_")

    value: Annotated[
        str | bool | int | float, Field(description="An expression; rendered once, to a text.")
    ]
    cases: Annotated[
        dict[str, Children],
        Field(default_factory=dict, description="Tasks by the value for which they run."),
    ]
    defaults: Annotated[Children, Field(description="Run when no case has the value.")] = ()

    @model_validator(mode="after")
    def _has_tasks(self) -> Self:
        if not any(self.cases.values()) and not self.defaults:
            raise ValueError("No task defined, neither cases or default have any tasks")
        return self

    def begin(self, render: Render) -> Branch:
        """The case of the value, or `defaults`."""
        value: Json = self.value
        rendered = render(value)
        text = _plain(rendered)
        is_default = text not in self.cases
        if is_default and not self.defaults:
            cases = ", ".join(f"`{name}`" for name in self.cases)
            raise TaskFailed(
                f"`value` rendered to `{text[:100]}`, for which there is no case and no "
                f"`defaults`. The cases are {cases}."
            )
        return Branch(
            children="defaults" if is_default else f"cases.{text}",
            outputs={"value": text, "defaults": is_default},
        )


def _plain(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
