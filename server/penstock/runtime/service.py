"""Background duties: each is called again and again, and all have one lifecycle."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
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


@dataclass
class _Turn:
    duty: Duty
    lock: threading.Lock = field(default_factory=threading.Lock)
    is_wanted: bool = False


class Duties:
    """Calls duties in threads of its own: never two calls of one duty at a time, a call that
    comes late happens once. An error in one call is logged, and the next call comes as usual.
    """

    def __init__(self, duties: Sequence[Duty]) -> None:
        self._turns = {duty.name: _Turn(duty) for duty in duties}
        self._lock = threading.Lock()
        self._is_running = False
        self._ticker = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(_THREADS)},
            job_defaults={"coalesce": True, "max_instances": _THREADS, "misfire_grace_time": None},
            timezone="UTC",
            daemon=True,
        )

    def start(self) -> None:
        """Begins to call them."""
        for name, turn in self._turns.items():
            every = IntervalTrigger(seconds=turn.duty.seconds)
            self._ticker.add_job(self._call, every, args=[name], id=name)
        self._ticker.start()
        self._is_running = True
        for name in self._turns:
            self.nudge(name)

    def stop(self) -> None:
        """Waits for calls that run and makes no more."""
        with self._lock:
            was_running, self._is_running = self._is_running, False
        if was_running:
            # A job that comes due during the shutdown would end APScheduler's thread with an error.
            self._ticker.pause()
            self._ticker.remove_all_jobs()
            self._ticker.shutdown(wait=True)

    def nudge(self, name: str) -> None:
        """Calls a duty as soon as possible."""
        self._call_at(name, None, f"{name} at once")

    def _call_at(self, name: str, at: datetime | None, id_: str) -> None:
        """Takes the place of the call of the same id that was to come."""
        with self._lock:
            if self._is_running:
                self._ticker.add_job(
                    self._call, DateTrigger(at), args=[name], id=id_, replace_existing=True
                )

    def _call(self, name: str) -> None:
        turn = self._turns[name]
        turn.is_wanted = True
        # Who comes while a call runs leaves at once: the one that runs sees the wish.
        while turn.is_wanted and turn.lock.acquire(blocking=False):
            try:
                turn.is_wanted = False
                again = turn.duty.tick()
            except Exception:  # noqa: BLE001 - the next call may well succeed
                _log.exception("a duty failed", duty=name)
                again = None
            finally:
                turn.lock.release()
            if again is not None:
                # In the place of a nudge it would lose what happened during the call.
                self._call_at(name, again, f"{name} when due")
