"""The log of one attempt as a file, for tasks that write more than the log table should hold."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TextIO

from penstock.engine.variables import moment_text
from penstock.store.log import LogLine


class LogFile:
    """Lines of text: time, level, message. The file is made with the first line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None
        self._lock = threading.Lock()

    def write(self, line: LogLine) -> None:
        """Appends a line."""
        with self._lock:
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._path.open("w", encoding="utf-8")
            self._file.write(f"{moment_text(line.at)} {line.level.value} {line.message}\n")

    def close(self) -> Path | None:
        """Ends the file; gives its path, or None when there was no line."""
        with self._lock:
            if self._file is None:
                return None
            self._file.close()
            self._file = None
        return self._path
