"""Removes all rows of an execution."""

from __future__ import annotations

from sqlalchemy import Connection, delete

from penstock.store import event, execution, job, log, metric, task_run, timer


def erase(
    tx: Connection, tenant: str, execution_id: str, *, logs: bool = True, metrics: bool = True
) -> bool:
    """Removes an execution that is over; tells whether it was there."""
    rows = execution.table
    found = tx.execute(
        delete(rows).where(
            rows.c.id == execution_id, rows.c.tenant == tenant, rows.c.is_over.is_(True)
        )
    )
    if not found.rowcount:
        return False
    tables = [task_run.table, event.table, job.table, timer.table]
    if logs:
        tables.append(log.table)
    if metrics:
        tables.append(metric.table)
    for table in tables:
        tx.execute(delete(table).where(table.c.execution_id == execution_id))
    return True
