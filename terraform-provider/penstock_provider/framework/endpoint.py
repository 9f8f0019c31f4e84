"""Sockets and TLS from the C parts of the standard library, where they are as we know them.

``socket`` and ``ssl`` are the same code with Python around it that costs a start about as much
again as the handshake. Where the C parts are not to be had, the public modules serve.
"""

from __future__ import annotations

import os
import sys

# `typing` itself imports `re` and more, and costs as much as the rest of a handshake.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import AF_UNIX, socket
    from typing import Any, Protocol
else:
    Protocol = object
    try:
        from _socket import AF_UNIX, socket
    except ImportError:
        from socket import AF_UNIX, socket


class Socket(socket):
    """The C part's socket, but one to which TLS can refer weakly."""


class Endpoint(Protocol):
    """What a connection needs of its socket; none of it waits."""

    def fileno(self) -> int:
        """What to poll."""

    def recv(self, size: int, /) -> bytes:
        """Some bytes, none at the end; ``BlockingIOError`` when there are none yet."""

    def send(self, data: memoryview, /) -> int:
        """How many bytes were taken; ``BlockingIOError`` when none can be yet."""

    def getsockopt(self, level: int, option: int, size: int, /) -> bytes:
        """What the system knows of it."""

    def close(self) -> None:
        """Ends it."""


class Secured:
    """A socket with TLS on it."""

    def __init__(self, sock: Any, tls: Any, module: Any) -> None:  # of _ssl, or of ssl
        self._sock = sock
        self._tls = tls
        self._waits = (module.SSLWantReadError, module.SSLWantWriteError)
        self._ended = module.SSLZeroReturnError
        self.fileno: Callable[[], int] = sock.fileno
        self.close: Callable[[], None] = sock.close
        self.getsockopt: Callable[[int, int, int], bytes] = sock.getsockopt
        self.pending: Callable[[], int] = tls.pending
        """Bytes that have been decrypted already: no poll tells of them."""

    def recv(self, size: int) -> bytes:
        """As a socket's."""
        try:
            return self._tls.read(size)
        except self._waits:
            raise BlockingIOError from None
        except self._ended:
            return b""

    def send(self, data: memoryview) -> int:
        """As a socket's."""
        try:
            return self._tls.write(data)
        except self._waits:
            raise BlockingIOError from None


def constant(name: str) -> int:
    """One of the system's numbers; ``AttributeError`` where it has none of that name."""
    return getattr(sys.modules[socket.__module__], name)


_LONGEST_PATH = 103
"""Of a Unix socket: 107 bytes on Linux, 103 on macOS."""


def listen(directory: str) -> tuple[Any, str]:
    """A listening socket in a (private) directory, and its path."""
    path = f"{directory}/plugin"
    listener = socket(AF_UNIX)
    listener.bind(path)
    listener.listen(16)
    return listener, path


def accept(listener: Any) -> Socket:
    """The next connection of a listener."""
    number, _ = listener._accept()  # noqa: SLF001 (what `accept` of the public class calls)
    return Socket(fileno=number)


def temporary_folder() -> str:
    """Where `tempfile` would put files, without what that module costs a start."""
    return os.environ.get("TMPDIR") or "/tmp"  # noqa: S108 (what is put there is private and new)


def private_directory(parent: str | None) -> str:
    """A new directory that only this user may enter, short enough for the path of a socket."""
    name = f"plugin{os.urandom(8).hex()}"
    directory = f"{parent or temporary_folder()}/{name}"
    if len(os.fsencode(f"{directory}/plugin")) > _LONGEST_PATH:
        directory = f"/tmp/{name}"  # noqa: S108 (it is made anew, for this user alone)
    os.mkdir(directory, 0o700)  # noqa: PTH102 (`pathlib` costs a start 4 ms)
    return directory


def remove_directory(directory: str) -> None:
    """Removes such a directory and the socket in it."""
    try:
        os.unlink(f"{directory}/plugin")  # noqa: PTH108 (likewise)
        os.rmdir(directory)  # noqa: PTH106 (likewise)
    except OSError:
        return
