"""Signals that ask a command to end."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import AbstractContextManager
from types import FrameType, TracebackType
from typing import Self

_SAID = b"\nEnding what runs; once more, and it is cut off.\n"
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts(AbstractContextManager["Interrupts"]):
    """Within it the first signal sets `stop`, and the second `leave`; neither ends the process.

    `number` is the first signal's, or None. Outside the main thread nothing is caught.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.leave = threading.Event()
        self.number: int | None = None
        self._before: list[tuple[signal.Signals, signal._HANDLER]] = []

    def __enter__(self) -> Self:
        """Begins to catch signals."""
        if threading.current_thread() is threading.main_thread():
            self._before = [(each, signal.signal(each, self._catch)) for each in _SIGNALS]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Gives the signals back, unless the process is about to end for one."""
        for each, handler in self._before:
            signal.signal(each, handler if self.number is None else signal.SIG_IGN)

    def _catch(self, number: int, _frame: FrameType | None) -> None:
        if self.number is not None:
            self.leave.set()
        elif sys.stderr.isatty():
            # A handler may come in the middle of another write to a buffered stream.
            os.write(2, _SAID)
        self.number = self.number or number
        self.stop.set()
