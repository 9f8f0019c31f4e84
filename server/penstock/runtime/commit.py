"""Writes what a batch has decided: a handful of statements, whatever the number of executions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from penstock.engine.step import Job
from penstock.runtime.active import Draft, visible, visible_run
from penstock.runtime.command import Record
from penstock.store import event, execution, job, log, metric, task_run, timer
from penstock.store.job import LeasedJob
from penstock.store.log import LogLine

LEASE = timedelta(seconds=30)


def write(tx: Connection, drafts: Iterable[Draft], late: Sequence[Record]) -> None:
    """Everything but the leases of new jobs."""
    touched = list(drafts)
    execution.upsert_many(
        tx,
        [
            visible(draft.execution, draft.active.renderer.masker)
            for draft in touched
            if draft.has_changes or draft.is_over
        ],
    )
    task_run.delete_of(tx, [draft.execution.id for draft in touched if draft.is_rewound])
    task_run.upsert_many(
        tx,
        [
            (
                draft.execution.tenant,
                draft.execution.id,
                visible_run(draft.execution.task_runs[run_id], draft.active.renderer.masker),
            )
            for draft in touched
            for run_id in draft.changed
        ],
    )
    event.append_many(tx, [cells for draft in touched for cells in draft.events])
    _write_records(tx, touched, late)
    job.delete_many(tx, [run_id for draft in touched for run_id in obsolete_jobs(draft)])
    timer.upsert_many(tx, [armed for draft in touched for armed in draft.timers])
    timer.delete_many(tx, [id_ for draft in touched for id_ in draft.fired])
    timer.delete_of(
        tx, [draft.execution.id for draft in touched if draft.is_over and draft.has_timers]
    )


def lease(
    tx: Connection, jobs: Iterable[tuple[Draft, Job]], owner: str | None, now: datetime
) -> None:
    """Writes jobs: leased by `owner`, or free for whoever comes first."""
    expires_at = None if owner is None else now + LEASE
    job.upsert_many(
        tx,
        [
            LeasedJob(
                task_run_id=each.task_run_id,
                execution_id=draft.execution.id,
                tenant=draft.execution.tenant,
                task_id=each.task_id,
                fence=each.fence,
                attempt=each.attempt,
                owner=owner,
                expires_at=expires_at,
            )
            for draft, each in jobs
        ],
    )


def obsolete_jobs(draft: Draft) -> list[str]:
    """Task runs whose job row must go: their result is recorded, or nobody wants it any more."""
    rows = draft.active.jobs
    if not rows:
        return []
    runs = draft.execution.task_runs
    return [
        run_id
        for run_id in (rows if draft.is_over else draft.changed)
        if run_id in rows
        and run_id not in draft.jobs
        and (draft.is_over or not _needs_worker(runs[run_id].state))
    ]


def _needs_worker(state: str) -> bool:
    return state in {"CREATED", "SUBMITTED", "RUNNING", "KILLING"}


def _write_records(tx: Connection, drafts: Sequence[Draft], late: Sequence[Record]) -> None:
    lines = [
        (draft.execution.tenant, draft.execution.id, line)
        for draft in drafts
        for line in draft.lines
    ]
    metrics = [
        (draft.execution.tenant, draft.execution.id, value)
        for draft in drafts
        for value in draft.metrics
    ]
    if late:
        numbers = log.last_numbers(tx, [record.execution_id for record in late])
        for record in late:
            for line in record.lines:
                number = numbers[record.execution_id] = numbers.get(record.execution_id, 0) + 1
                lines.append((record.tenant, record.execution_id, _numbered(line, number)))
            metrics.extend((record.tenant, record.execution_id, each) for each in record.metrics)
    log.append_many(tx, lines)
    metric.append_many(tx, metrics)


def _numbered(line: LogLine, number: int) -> LogLine:
    return LogLine(
        line.at,
        line.level,
        line.message,
        line.task_run_id,
        line.task_id,
        line.attempt,
        number,
    )
