"""`core.output.OutputValues`: gives names to values."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Json
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs, RunnableTask


class OutputValues(RunnableTask):
    """Gives names to values, for later tasks and for the flow's outputs.

    Outputs: `values`, the given map with its expressions rendered; keys and types are kept.

    Example:
        id: values
        namespace: company.team
        tasks:
          - id: limits
            type: core.output.OutputValues
            values:
              day: "{{ execution.startDate | date('yyyy-MM-dd') }}"
              rows: 500
          - id: show
            type: core.log.Log
            message: "At most {{ outputs.limits.values.rows }} rows"
    """

    instant: ClassVar[bool] = True

    values: Annotated[
        Dynamic[dict[str, Json]], Field(description="Names and their values, of any type.")
    ]

    def run(self, context: RunContext) -> Outputs:  # noqa: ARG002 the values need no help
        """Gives the values back."""
        return {"values": dict(self.values)}
