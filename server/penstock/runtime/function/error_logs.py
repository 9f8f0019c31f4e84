"""The function `errorLogs`."""

from __future__ import annotations

from penstock.expression.catalogue import named
from penstock.expression.value import Value
from penstock.model.task import LogLevel
from penstock.runtime.function._reach import Reach
from penstock.store import log as log_store


@named("errorLogs")
def error_logs(reach: Reach) -> Value:
    """The log lines of level ERROR so far: `taskId`, `taskRunId`, `message`.

    Args:
        reach: what the execution reaches.
    """
    start = reach.execution
    with reach.world.database.read() as tx:
        lines = log_store.page(tx, start.tenant, start.id, min_level=LogLevel.ERROR)
    return [
        {"taskId": line.task_id, "taskRunId": line.task_run_id, "message": line.message}
        for line in lines
    ]
