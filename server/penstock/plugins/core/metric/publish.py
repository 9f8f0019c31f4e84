"""`core.metric.Publish`: records metrics."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field, TypeAdapter, ValidationError

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Frozen
from penstock.plugins.text import Text
from penstock.sdk.context import RunContext
from penstock.sdk.task import RunnableTask, TaskFailed

_duration = TypeAdapter(timedelta)


class MetricType(StrEnum):
    """What a value measures."""

    COUNTER = "counter"
    GAUGE = "gauge"
    TIMER = "timer"


class PublishedMetric(Frozen):
    """One value with its name."""

    type: Annotated[
        Dynamic[MetricType],
        Field(description="`counter` and `gauge` take a number, `timer` a duration."),
    ]
    name: Annotated[Dynamic[Text], Field(description="The metric's name.")]
    value: Annotated[
        Dynamic[Text], Field(description="A number; for a timer a duration such as PT1M30S.")
    ]
    tags: Annotated[
        Dynamic[dict[str, Text] | None], Field(description="What tells its values apart.")
    ] = None
    description: Annotated[
        Dynamic[Text | None], Field(description="What it means, for readers of the flow.")
    ] = None


class Publish(RunnableTask):
    """Records metrics on its task run, such as how many rows were loaded.

    Example:
        id: measured
        namespace: company.team
        tasks:
          - id: load
            type: core.output.OutputValues
            values:
              rows: 12
          - id: measure
            type: core.metric.Publish
            metrics:
              - type: counter
                name: rows
                value: "{{ outputs.load.values.rows }}"
                tags:
                  table: orders
              - type: timer
                name: loading
                value: PT2.5S
    """

    instant: ClassVar[bool] = True

    metrics: Annotated[tuple[PublishedMetric, ...], Field(description="What is recorded.")]

    def run(self, context: RunContext) -> None:
        """Records each metric, or none of them when one has no number."""
        values = [_number(metric) for metric in self.metrics]
        for metric, value in zip(self.metrics, values, strict=True):
            context.metric(metric.name, value, kind=metric.type.value, tags=metric.tags or {})


def _number(metric: PublishedMetric) -> float:
    """The value; a duration in seconds."""
    wanted = "a number"
    try:
        if metric.type is MetricType.TIMER and metric.value.lstrip("+-").upper().startswith("P"):
            wanted = "a duration"
            return _duration.validate_python(metric.value).total_seconds()
        return float(metric.value)
    except (ValueError, ValidationError):
        raise TaskFailed(
            f"The value of the metric `{metric.name}` must be {wanted}; it is "
            f"`{metric.value[:100]}`."
        ) from None
