"""Background duties: each is called again and again, and all have one lifecycle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

_log = structlog.get_logger("penstock.duty")
_THREADS = 4


class Duty(Protocol):
    """Something that must happen every now and then."""

    @property
    def name(self) -> str:
        """For logs; unique."""
        ...

    @property
    def seconds(self) -> float:
        """How long from one call to the next, at most."""
        ...

    def tick(self) -> datetime | None:
        """Does what is due; may say when it wants to be called earlier than in `seconds`."""
        ...


class Duties:
    """Calls duties in threads of its own: never two calls of one duty at a time, a call that
    comes late happens once. An error in one call is logged, and the next call comes as usual.
    """

    def __init__(self, duties: Sequence[Duty]) -> None:
        self._duties = {duty.name: duty for duty in duties}
        self._ticker = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(_THREADS)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
            daemon=True,
        )

    def start(self) -> None:
        """Begins to call them."""
        for duty in self._duties.values():
            self._ticker.add_job(
                self._caller(duty),
                IntervalTrigger(seconds=duty.seconds),
                id=duty.name,
            )
        self._ticker.start()
        for name in self._duties:
            self.nudge(name)

    def stop(self) -> None:
        """Waits for calls that run and makes no more."""
        if self._ticker.running:
            self._ticker.shutdown(wait=True)

    def nudge(self, name: str) -> None:
        """Calls a duty as soon as possible."""
        self._call_at(self._duties[name], None)

    def _call_at(self, duty: Duty, at: datetime | None) -> None:
        self._ticker.add_job(
            self._caller(duty), DateTrigger(at), id=f"{duty.name} once", replace_existing=True
        )

    def _caller(self, duty: Duty) -> Callable[[], None]:
        def call() -> None:
            try:
                again = duty.tick()
            except Exception:  # noqa: BLE001 - the next call may well succeed
                _log.exception("a duty failed", duty=duty.name)
                return
            if again is not None and self._ticker.running:
                self._call_at(duty, again)

        return call
