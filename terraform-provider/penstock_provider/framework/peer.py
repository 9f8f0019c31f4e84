"""The process at the other end of a local socket: Terraform, for as long as one command runs."""

from __future__ import annotations

import os
import socket
import struct
import sys
from pathlib import Path

from penstock_provider.framework.endpoint import Endpoint
from penstock_provider.framework.record import record

_CREDENTIALS = struct.Struct("3i")
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
        try:
            told = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return str(self.pid)
        return f"{self.pid}-{told.rpartition(')')[2].split()[_START]}"

    @property
    def arguments(self) -> tuple[str, ...]:
        """How it was called; empty where the system does not tell."""
        try:
            told = Path(f"/proc/{self.pid}/cmdline").read_bytes()
        except OSError:
            return ()
        return tuple(part.decode(errors="replace") for part in told.split(b"\0") if part)


def peer_of(sock: Endpoint) -> Peer:
    """Who has opened the connection; the parent, where the system does not tell."""
    try:
        if sys.platform == "darwin":
            data = sock.getsockopt(0, _LOCAL_PEER_PID, 4)
            return Peer(int.from_bytes(data, sys.byteorder))
        data = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
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
