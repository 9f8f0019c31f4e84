"""Keeps leases alive, finds jobs whose worker died, and checks what must always hold."""

from __future__ import annotations

from datetime import datetime

import structlog

from penstock.engine.check import check
from penstock.engine.message import Lost
from penstock.runtime.clock import Clock
from penstock.runtime.executor import Executor
from penstock.store import job as job_store
from penstock.store.session import Database
from penstock.telemetry import metric

_log = structlog.get_logger("penstock.rescuer")


class Heart:
    """Extends this process's leases; sends buffered log lines on."""

    name = "heart"
    seconds = 0.5
    _BEATS_EVERY = 20

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._count = 0

    def tick(self) -> datetime | None:
        """Looks after workers; every 10 seconds also after leases."""
        self._executor.tick()
        self._count += 1
        if self._count % self._BEATS_EVERY == 0 and self._executor.has_jobs:
            self._executor.beat()
        return None


class Rescuer:
    """Dispatches attempts anew whose lease ran out."""

    name = "rescuer"
    seconds = 10.0

    def __init__(self, database: Database, executor: Executor, clock: Clock) -> None:
        self._database = database
        self._executor = executor
        self._clock = clock

    def tick(self) -> datetime | None:
        """Tells executions which of their attempts are lost."""
        with self._database.read() as tx:
            jobs = job_store.lost(tx, self._executor.owner, self._clock.now())
        for job in jobs:
            metric.JOBS_LOST.inc()
            _log.warning(
                "a worker died", execution=job.execution_id, task=job.task_id, owner=job.owner
            )
            self._executor.send(job.execution_id, Lost(job.task_run_id, job.fence))
        return None


class Checker:
    """Looks for active executions in which something does not hold that must always hold."""

    name = "checker"
    seconds = 60.0
    _MOST = 1_000

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def tick(self) -> datetime | None:
        """Logs every breach as an error with the execution's id."""
        for execution, flow in self._executor.sample(self._MOST):
            for sentence in check(execution, flow):
                _log.error("an invariant is broken", execution=execution.id, breach=sentence)
        metric.ACTIVE.set(self._executor.active_count)
        return None
