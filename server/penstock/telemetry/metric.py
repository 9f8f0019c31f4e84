"""Counters of this process, as Prometheus reads them at ``/metrics``."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY = CollectorRegistry()

EXECUTIONS_ENDED = Counter(
    "penstock_executions_ended",
    "Executions that have ended, by final state.",
    ["state"],
    registry=REGISTRY,
)
COMMIT_SECONDS = Histogram(
    "penstock_commit_seconds",
    "Seconds that the executor's transactions took, from begin to durable.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0),
    registry=REGISTRY,
)
ACTIVE = Gauge("penstock_executions_active", "Executions that are not over.", registry=REGISTRY)
SCHEDULE_FIRES = Counter(
    "penstock_schedule_fires",
    "Fires of schedules and triggers: fired, missed (skipped by policy) or failed.",
    ["outcome"],
    registry=REGISTRY,
)
JOBS_LOST = Counter(
    "penstock_jobs_lost",
    "Attempts whose worker died and that were dispatched anew.",
    registry=REGISTRY,
)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition() -> bytes:
    """All metrics in Prometheus' text format."""
    return generate_latest(REGISTRY)
