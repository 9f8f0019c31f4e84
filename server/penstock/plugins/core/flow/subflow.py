"""core.flow.Subflow."""

from __future__ import annotations

from datetime import UTC, datetime

from penstock.model.frozen import Json
from penstock.plugins.core.flow._call import Call, RestartBehavior
from penstock.sdk.flowable import CallingTask, FlowCall, Render, written
from penstock.sdk.task import TaskFailed


class Subflow(Call, CallingTask):
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
