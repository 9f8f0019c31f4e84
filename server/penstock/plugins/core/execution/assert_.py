"""`core.execution.Assert`: checks conditions and fails when one does not hold."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.expression import is_truthy
from penstock.expression.error import ExpressionError
from penstock.model.dynamic import Dynamic
from penstock.model.task import LogLevel
from penstock.plugins.text import Text
from penstock.sdk.context import RunContext
from penstock.sdk.task import RunnableTask, TaskFailed


class Assert(RunnableTask):
    """Checks conditions, all of them, and fails when some do not hold.

    A condition does not hold when it renders to `false`, `0` or blank text, or cannot be
    rendered; the log names each. Metrics: `success` and `failed`, how many held and did not.

    Example:
        id: checked-orders
        namespace: company.team
        tasks:
          - id: load
            type: core.output.OutputValues
            values:
              rows: 12
          - id: check
            type: core.execution.Assert
            errorMessage: The orders are not complete
            conditions:
              - "{{ outputs.load.values.rows > 0 }}"
              - "{{ outputs.load.values.rows < 1000 }}"
    """

    instant: ClassVar[bool] = True

    conditions: Annotated[
        tuple[Text, ...], Field(min_length=1, description="What must hold, each an expression.")
    ]
    error_message: Annotated[
        Dynamic[Text | None], Field(description="A sentence for the log when something failed.")
    ] = None

    def run(self, context: RunContext) -> None:
        """Raises `TaskFailed` when a condition does not hold."""
        failed = sum(not self._holds(context, condition) for condition in self.conditions)
        context.metric("success", len(self.conditions) - failed)
        context.metric("failed", failed)
        if failed:
            if self.error_message is not None:
                context.log(self.error_message, LogLevel.ERROR)
            raise TaskFailed(f"{failed} assertion(s) failed!")

    def _holds(self, context: RunContext, condition: str) -> bool:
        try:
            holds = is_truthy(context.render(condition))
        except ExpressionError as error:
            context.log(f"Assertion `{condition}` cannot be rendered: {error}", LogLevel.ERROR)
            return False
        if not holds:
            context.log(f"Assertion `{condition}` failed.", LogLevel.ERROR)
        return holds
