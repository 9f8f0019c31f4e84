"""One at a time, where those who wait hold something that others need."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager


class Turns:
    """A lock for which few wait, and not for long."""

    def __init__(self, most_waiting: int, seconds: float) -> None:
        self._seconds = seconds
        self._turn = threading.Lock()
        self._places = threading.BoundedSemaphore(1 + most_waiting)

    @contextmanager
    def take(self) -> Generator[bool]:
        """Whether it is one's turn; not when too many wait already, or it did not come in time."""
        if not self._places.acquire(blocking=False):
            yield False
            return
        try:
            is_mine = self._turn.acquire(timeout=self._seconds)
            try:
                yield is_mine
            finally:
                if is_mine:
                    self._turn.release()
        finally:
            self._places.release()
