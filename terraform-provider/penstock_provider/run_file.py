"""Files of one run: what one process of the provider leaves for the next of the same command.

Terraform validates the whole configuration in one process of the provider and plans in another one,
both children of the same command. The record of what is declared holds names only, never a value.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from penstock_provider.framework.endpoint import temporary_folder
from penstock_provider.framework.peer import Peer, is_alive
from penstock_provider.pattern import Pattern

_OLD_SECONDS = 86_400.0


class RunFile:
    """A file of this run, which only this user may read; none where there is no place for it."""

    def __init__(self, peer: Peer | None, directory: Path | None = None, *, suffix: str) -> None:
        self._directory = directory or Path(temporary_folder()) / f"penstock-{os.getuid()}"
        self._path = None if peer is None else self._directory / f"run-{peer.name}{suffix}"
        self._written: int | None = None

    def write(self, lines: Iterable[str]) -> None:
        """Adds lines, all at once."""
        if self._path is None:
            return
        # All works without it, only less well; so whatever is wrong with the disk stops nothing.
        with contextlib.suppress(OSError):
            if self._written is None:
                self._prepare()
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
                self._written = os.open(self._path, flags, 0o600)
            data = "".join(f"{line}\n" for line in lines if "\n" not in line)
            os.write(self._written, data.encode())

    def lines(self) -> list[str] | None:
        """What has been written; None when nothing has."""
        if self._path is None or not self._is_private():
            return None
        try:
            return self._path.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            return None

    def close(self) -> None:
        """Frees the file; it stays for the next process."""
        if self._written is not None:
            os.close(self._written)
            self._written = None

    def _prepare(self) -> None:
        self._directory.mkdir(mode=0o700, exist_ok=True)
        if not self._is_private():
            raise PermissionError(self._directory)
        for path in self._directory.glob("run-*"):
            pid = path.name.split("-")[1]
            with contextlib.suppress(OSError):
                if not (pid.isdigit() and is_alive(int(pid))) or _is_old(path):
                    path.unlink()

    def _is_private(self) -> bool:
        """Whether the folder is really ours: others may have made one of that name."""
        try:
            found = self._directory.lstat()
        except OSError:
            return False
        is_open = stat.S_IMODE(found.st_mode) & 0o077
        return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not is_open


class Record(RunFile):
    """What the resource blocks declare. Without it a plan only warns of what is missing."""

    def __init__(self, peer: Peer | None, directory: Path | None = None) -> None:
        super().__init__(peer, directory, suffix="")

    def append(self, patterns: Iterable[Pattern]) -> None:
        """Adds what one resource block declares."""
        self.write(pattern.line() for pattern in patterns)

    def read(self) -> list[Pattern] | None:
        """What this run declares; None when nobody has written it down."""
        lines = self.lines()
        if lines is None:
            return None
        found = (Pattern.read(line) for line in lines)
        return [pattern for pattern in found if pattern is not None]


def _is_old(path: Path) -> bool:
    import time  # noqa: PLC0415 (only the first process of a run asks)

    return time.time() - path.stat().st_mtime > _OLD_SECONDS
