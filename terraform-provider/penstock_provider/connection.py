"""Connections to the server: kept ones, new ones, and those that an answer goes on for ever on.

Nothing of the standard library's HTTP is imported before the first request: many of the processes
that Terraform starts never send one.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from penstock_provider.api import ApiError, Settings
from penstock_provider.framework.record import record

if TYPE_CHECKING:
    import http.client
    import socket
    import ssl


@record(frozen=True)
class Stream:
    """An answer that is read line by line, on a connection of its own."""

    connection: http.client.HTTPConnection
    sock: socket.socket
    answer: http.client.HTTPResponse

    def interrupt(self) -> None:
        """Ends it for whoever reads; from any thread."""
        import socket  # noqa: PLC0415 (most processes never need it)

        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def close(self) -> None:
        """Frees it; nobody may be reading."""
        self.answer.close()
        self.connection.close()


class Connections:
    """Connections to one server; safe to use from many threads."""

    def __init__(self, settings: Settings) -> None:
        import urllib.parse  # noqa: PLC0415 (most processes never make one)

        self._settings = settings
        url = urllib.parse.urlsplit(settings.endpoint)
        self._secure = url.scheme == "https"
        self._host = url.hostname or "localhost"
        self._port = url.port or (443 if self._secure else 80)
        self.path = url.path.rstrip("/")
        """What precedes every path there."""
        self._idle: deque[http.client.HTTPConnection] = deque()
        self._tls: ssl.SSLContext | None = None

    def keep(self, connection: http.client.HTTPConnection) -> None:
        """Takes back one whose answer has been read, for the next request."""
        self._idle.append(connection)

    def close(self) -> None:
        """Closes those that nobody uses."""
        while self._idle:
            self._idle.pop().close()

    def kept(self) -> http.client.HTTPConnection | None:
        """An idle connection that the server has not ended in the meantime."""
        import select  # noqa: PLC0415 (most processes never need it)

        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            poll = select.poll()
            poll.register(connection.sock, select.POLLIN)
            # Nothing is expected of it, so what there is to read is its end.
            if not poll.poll(0):
                return connection
            connection.close()

    def fresh(self) -> http.client.HTTPConnection:
        """A new one; it connects when something is asked on it."""
        import http.client  # noqa: PLC0415 (most processes never need it)

        timeout = self._settings.timeout
        if not self._secure:
            return http.client.HTTPConnection(self._host, self._port, timeout=timeout)
        if self._tls is None:
            import ssl  # noqa: PLC0415 (only https needs it)

            try:
                self._tls = ssl.create_default_context(cafile=self._settings.ca_file)
            except OSError as error:
                raise ApiError(0, "ca-file", f"`ca_file` cannot be read: {error}.") from None
        return http.client.HTTPSConnection(
            self._host, self._port, timeout=timeout, context=self._tls
        )
