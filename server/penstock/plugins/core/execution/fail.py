"""`core.execution.Fail`: ends the execution as failed, always or on a condition."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.expression import is_truthy
from penstock.model.dynamic import Dynamic
from penstock.plugins.text import Text
from penstock.sdk.context import RunContext
from penstock.sdk.task import RunnableTask, TaskFailed

_UNSAID = "Task failure"


class Fail(RunnableTask):
    """Fails: always, or only when a condition holds.

    Example:
        id: guard
        namespace: company.team
        inputs:
          - id: rows
            type: INT
            defaults: 0
        tasks:
          - id: enough_rows
            type: core.execution.Fail
            condition: "{{ inputs.rows < 1 }}"
            errorMessage: "No rows arrived, so there is nothing to report"
    """

    instant: ClassVar[bool] = True

    condition: Annotated[
        Dynamic[Text | None],
        Field(
            description="Fails only when this is truthy; false, 0 and blank text are not. "
            "Without a condition the task always fails."
        ),
    ] = None
    error_message: Annotated[
        Dynamic[Text], Field(description="The sentence that says why it failed.")
    ] = _UNSAID

    def run(self, context: RunContext) -> None:  # noqa: ARG002 the worker logs the failure
        """Raises `TaskFailed` unless there is a condition that does not hold."""
        if self.condition is None:
            raise TaskFailed(self.error_message)
        if not is_truthy(self.condition.lower()):
            return
        said = self.error_message != _UNSAID
        raise TaskFailed(self.error_message if said else "Fail on a condition")
