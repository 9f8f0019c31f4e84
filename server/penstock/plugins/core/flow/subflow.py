"""core.flow.Subflow."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Json
from penstock.sdk.flowable import CallingTask, FlowCall, Render, written
from penstock.sdk.task import TaskFailed


def _as_map(value: object) -> object:
    if isinstance(value, list) and all(
        isinstance(item, dict) and item.keys() == {"key", "value"} for item in value
    ):
        return {item["key"]: item["value"] for item in value}
    return value


class RestartBehavior(StrEnum):
    """What a restart of the calling execution does about the execution that failed."""

    RETRY_FAILED = "RETRY_FAILED"
    NEW_EXECUTION = "NEW_EXECUTION"


class Subflow(CallingTask):
    """Executes another flow and, by default, waits for its end.

    The task takes the state of the execution that it started, except CANCELLED; with
    `transmitFailed: false` it succeeds in any case. A kill of the parent kills the child.

    Example:
        id: parent
        namespace: company.team
        tasks:
          - id: child
            type: core.flow.Subflow
            namespace: company.team
            flowId: load-orders
            inputs:
              day: "{{ execution.startDate }}"
          - id: tell
            type: core.log.Log
            message: "{{ outputs.child.outputs.rows }} rows"

    Outputs: `executionId`, the execution that was started; `state`, its state (CREATED when
    the task does not wait); `outputs`, its flow outputs, when the task waits.
    """

    namespace: Annotated[Dynamic[str], Field(description="Namespace of the flow to execute.")]
    flow_id: Annotated[Dynamic[str], Field(description="Id of the flow to execute.")]
    revision: Annotated[int | None, Field(description="A revision other than the latest.")] = None
    inputs: Annotated[dict[str, Json] | None, Field(description="Inputs of the execution.")] = None
    labels: Annotated[
        dict[str, Json] | None,
        BeforeValidator(_as_map),
        Field(description="Labels of the execution, as a map or a list of key and value."),
    ] = None
    wait: Annotated[bool, Field(description="Whether the task waits for the end.")] = True
    transmit_failed: Annotated[
        bool, Field(description="Whether the task fails, warns or is killed as the execution is.")
    ] = True
    inherit_labels: Annotated[
        bool, Field(description="Whether the execution gets this execution's labels.")
    ] = False
    schedule_date: Annotated[
        Dynamic[str | datetime] | None,
        Field(description="The moment before which the execution does not start."),
    ] = None
    restart_behavior: Annotated[
        RestartBehavior,
        Field(description="Whether a restart restarts the execution or starts another one."),
    ] = RestartBehavior.RETRY_FAILED

    @property
    def restarts_child(self) -> bool:
        """Whether `restartBehavior` is RETRY_FAILED."""
        return self.restart_behavior is RestartBehavior.RETRY_FAILED

    def call(self, render: Render) -> FlowCall:
        """The rendered properties."""
        inputs = render(dict(self.inputs or {}), typed=True)
        labels = render(dict(self.labels or {}))
        if not isinstance(inputs, dict) or not isinstance(labels, dict):
            raise TaskFailed("`inputs` and `labels` must be maps.")
        return FlowCall(
            namespace=str(render(written(self.namespace))),
            flow_id=str(render(written(self.flow_id))),
            revision=self.revision,
            inputs=inputs,
            labels={key: _label(value) for key, value in labels.items()},
            inherit_labels=self.inherit_labels,
            wait=self.wait,
            transmit_failed=self.transmit_failed,
            scheduled_at=_moment(render(written(self.schedule_date))),
        )


def _moment(value: Json) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        raise TaskFailed(
            f"`scheduleDate` must be a moment such as `2026-12-31T08:00:00Z`; it rendered to "
            f"`{str(value)[:100]}`."
        ) from None
    return at.astimezone(UTC) if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _label(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
