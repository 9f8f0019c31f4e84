"""The states of executions and task runs."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where an execution or a task run stands; `is_terminated` states never change by themselves.

    Source: the flow language reference, section 7.1.
    """

    CREATED = "CREATED"
    SUBMITTED = "SUBMITTED"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    RESTARTED = "RESTARTED"
    QUEUED = "QUEUED"
    RETRYING = "RETRYING"
    BREAKPOINT = "BREAKPOINT"
    KILLING = "KILLING"
    KILLED = "KILLED"
    SUCCESS = "SUCCESS"
    WARNING = "WARNING"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    RETRIED = "RETRIED"
    SKIPPED = "SKIPPED"
    RESUBMITTED = "RESUBMITTED"

    @property
    def is_terminated(self) -> bool:
        """Whether nothing more happens by itself."""
        return self in TERMINATED


TERMINATED = frozenset(
    {
        State.KILLED,
        State.SUCCESS,
        State.WARNING,
        State.FAILED,
        State.CANCELLED,
        State.RETRIED,
        State.SKIPPED,
        State.RESUBMITTED,
    }
)
