"""The process at the other end of a local socket: Terraform, for as long as one command runs."""

from __future__ import annotations

import os
import sys
from struct import Struct

from penstock_provider.framework.endpoint import Endpoint, constant
from penstock_provider.framework.record import record

_CREDENTIALS = Struct("3i")
_LOCAL_PEER_PID = 2
"""What macOS calls `LOCAL_PEERPID`, of the level 0."""
_START = 19
"""Where in `/proc/<pid>/stat` the start is, counted after the name of the program."""


@record(frozen=True)
class Peer:
    """One process."""

    pid: int

    @property
    def name(self) -> str:
        """What no other process has: its number, with its start where the system tells that."""
        told = self._told("stat")
        if told is None:
            return str(self.pid)
        return f"{self.pid}-{told.rpartition(b')')[2].split()[_START].decode()}"

    @property
    def arguments(self) -> tuple[str, ...]:
        """How it was called; empty where the system does not tell."""
        told = self._told("cmdline") or b""
        return tuple(part.decode(errors="replace") for part in told.split(b"\0") if part)

    def _told(self, what: str) -> bytes | None:
        """What the system tells of it, if it does."""
        try:
            with open(f"/proc/{self.pid}/{what}", "rb") as file:  # noqa: PTH123 (`pathlib` costs a start 4 ms)
                return file.read()
        except OSError:
            return None


def peer_of(sock: Endpoint) -> Peer:
    """Who has opened the connection; the parent, where the system does not tell."""
    try:
        if sys.platform == "darwin":
            data = sock.getsockopt(0, _LOCAL_PEER_PID, 4)
            return Peer(int.from_bytes(data, sys.byteorder))
        data = sock.getsockopt(constant("SOL_SOCKET"), constant("SO_PEERCRED"), _CREDENTIALS.size)
        return Peer(_CREDENTIALS.unpack(data)[0])
    except (OSError, AttributeError):
        return Peer(os.getppid())


def is_alive(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
