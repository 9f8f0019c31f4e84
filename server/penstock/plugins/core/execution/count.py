"""`core.execution.Count`: counts executions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from penstock.expression import is_truthy
from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Frozen, Json
from penstock.model.state import State
from penstock.plugins.text import Text
from penstock.sdk.context import RunContext
from penstock.sdk.history import Selection, in_utc
from penstock.sdk.task import Outputs, RunnableTask, TaskFailed


class CountedFlow(Frozen):
    """A flow by its name."""

    namespace: Annotated[Dynamic[str], Field(description="Namespace of the flow.")]
    flow_id: Annotated[Dynamic[str], Field(description="Id of the flow.")]


class Count(RunnableTask):
    """Counts executions of flows or of namespaces within a time.

    Useful to tell that something did not run, or failed too often.

    Outputs: `results`, a list of `namespace`, `flowId` and `count`; `total`, the sum of them.

    Example:
        id: silence
        namespace: company.team
        tasks:
          - id: runs
            type: core.execution.Count
            flows:
              - namespace: company.team
                flowId: load-orders
            states: [SUCCESS]
            startDate: "{{ execution.startDate | dateAdd(-1, 'DAYS') }}"
          - id: quiet
            type: core.execution.Fail
            condition: "{{ outputs.runs.total > 1000 }}"
            errorMessage: The orders were loaded far too often
    """

    flows: Annotated[
        tuple[CountedFlow, ...], Field(description="The flows whose executions are counted.")
    ] = ()
    namespaces: Annotated[
        Dynamic[tuple[str, ...]],
        Field(description="Namespaces whose executions are counted, with those below them."),
    ] = ()
    states: Annotated[Dynamic[tuple[State, ...]], Field(description="Only in these states.")] = ()
    start_date: Annotated[
        Dynamic[datetime], Field(description="Only those created since this moment.")
    ]
    end_date: Annotated[
        Dynamic[datetime | None], Field(description="Only those created until this moment.")
    ] = None
    expression: Annotated[
        Text | None,
        Field(
            description="Keeps a result only when this is truthy; it reads `count`, `namespace` "
            "and `flowId`."
        ),
    ] = None

    def run(self, context: RunContext) -> Outputs:
        """Gives the counts."""
        if not self.flows and not self.namespaces:
            raise TaskFailed("`flows` or `namespaces` must say what is counted.")
        names: list[tuple[str, str | None]] = [
            (each.namespace, each.flow_id) for each in self.flows
        ]
        names += [(namespace, None) for namespace in self.namespaces]
        results = [self._result(context, namespace, flow_id) for namespace, flow_id in names]
        kept = [each for each in results if self._is_kept(context, each)]
        return {"results": [*kept], "total": sum(int(str(each["count"])) for each in kept)}

    def _result(self, context: RunContext, namespace: str, flow_id: str | None) -> dict[str, Json]:
        selection = Selection(
            namespace, flow_id, self.states, in_utc(self.start_date), in_utc(self.end_date)
        )
        count = context.history.count(selection)
        return {"namespace": namespace, "flowId": flow_id, "count": count}

    def _is_kept(self, context: RunContext, result: dict[str, Json]) -> bool:
        return self.expression is None or is_truthy(context.render(self.expression, result))
