"""`core.flow.Sleep`: waits."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.sdk.context import RunContext
from penstock.sdk.task import RunnableTask, TaskFailed


class Sleep(RunnableTask):
    """Waits for a while. A kill, a timeout or a shutdown wakes it at once.

    Example:
        id: wait_a_little
        namespace: company.team
        tasks:
          - id: pause
            type: core.flow.Sleep
            duration: PT5S
    """

    duration: Annotated[
        Dynamic[timedelta],
        Field(description="How long to wait, as an ISO 8601 duration such as PT30S."),
    ]

    def run(self, context: RunContext) -> None:
        """Waits in this worker's thread; raises `TaskFailed` when it was woken early."""
        woken = threading.Event()
        context.on_cancel(woken.set)
        if context.is_cancelled or context.wait(max(0.0, self.duration.total_seconds()), woken):
            raise TaskFailed("The sleep was cut short because the task was asked to stop.")
