"""When a failed attempt is followed by another."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from penstock.model.execution import Execution, TaskRun
from penstock.model.retry import ConstantRetry, ExponentialRetry, RandomRetry, Retry
from penstock.model.state import State


def tries(run: TaskRun) -> int:
    """How many attempts count: those that were lost with their worker do not."""
    return sum(attempt.state is not State.RESUBMITTED for attempt in run.attempts)


def deaths(run: TaskRun) -> int:
    """How many attempts had begun when their worker was lost."""
    return sum(
        attempt.state is State.RESUBMITTED and attempt.started_at is not None
        for attempt in run.attempts
    )


def retry_at(retry: Retry | None, run: TaskRun, now: datetime) -> datetime | None:
    """When the next attempt may start, or None when there is none left."""
    if retry is None:
        return None
    done = tries(run)
    first = run.attempts[0].started_at if run.attempts else None
    return _next(retry, run.id, done, first=first or now, now=now)


def renewal_at(
    retry: Retry | None, run: TaskRun, execution: Execution, now: datetime
) -> datetime | None:
    """When the next execution of a request may start, or None when there is none left."""
    if retry is None:
        return None
    first = execution.first_created_at or execution.created_at
    return _next(retry, run.id, execution.attempt_number, first=first, now=now)


def _next(
    retry: Retry, run_id: str, done: int, *, first: datetime, now: datetime
) -> datetime | None:
    if retry.max_attempts is not None and done >= retry.max_attempts:
        return None
    try:
        at = now + _delay(retry, run_id, done)
    except OverflowError:
        return None
    if retry.max_duration is not None and at > first + retry.max_duration:
        return None
    return at


def _delay(
    retry: ConstantRetry | ExponentialRetry | RandomRetry, run_id: str, attempt: int
) -> timedelta:
    if isinstance(retry, ConstantRetry):
        return retry.interval
    if isinstance(retry, ExponentialRetry):
        # Beyond this exponent any growing delay has long reached its cap.
        grown = retry.delay_factor ** min(attempt - 1, 200)
        limit = retry.max_interval.total_seconds()
        return timedelta(seconds=min(retry.interval.total_seconds() * grown, limit))
    # Jitter from a hash: the engine stays pure, and a replayed step waits just as long.
    digest = hashlib.blake2b(f"{run_id}:{attempt}".encode(), digest_size=8).digest()
    share = int.from_bytes(digest, "big") / 2**64
    return retry.min_interval + (retry.max_interval - retry.min_interval) * share
