"""Server-sent events of one address, one by one; they block: for worker threads."""

from __future__ import annotations

import json
import threading

from penstock_provider.api import ApiError
from penstock_provider.client import Client
from penstock_provider.connection import Stream
from penstock_provider.framework.record import record
from penstock_provider.framework.values import JsonValue


@record(frozen=True)
class Event:
    """One event; ``data`` is its JSON."""

    name: str
    data: JsonValue


class Events:
    """The events of one address until it says `end`; a lost connection is made again."""

    def __init__(self, client: Client, path: str) -> None:
        self._client = client
        self._path = path
        self._last = ""
        self._failures = 0
        self._stream: Stream | None = None
        self._reading = threading.Lock()
        self.closed = False
        client.on_stop.append(self.close)

    def next(self) -> Event | None:
        """The next event; None after `close`. Raises `ApiError`."""
        try:
            with self._reading:
                return self._next()
        finally:
            if self.closed:
                self._discard()

    def _next(self) -> Event | None:
        import http.client  # noqa: PLC0415 (most processes never need it)

        while not self.closed:
            try:
                event = self._read()
                if event is not None:
                    self._failures = 0
                    return event
                self._fail("The server ended the answer too early.")
            except (OSError, ValueError, http.client.HTTPException) as error:
                self._fail(f"{type(error).__name__}: {error}")
        return None

    def close(self) -> None:
        """Ends it, also while another thread waits in `next`."""
        self.closed = True
        if self.close in self._client.on_stop:
            self._client.on_stop.remove(self.close)
        if self._stream is not None:
            self._stream.interrupt()
        # A thread that reads notices it, and does the rest.
        if self._reading.acquire(blocking=False):
            self._discard()
            self._reading.release()

    def _discard(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _fail(self, why: str) -> None:
        self._discard()
        self._failures += 1
        if self.closed:
            return
        if self._failures > self._client.settings.max_retries:
            raise ApiError(0, "unreachable", f"The connection was lost, again and again ({why}).")
        self._client.pause(0.2 * 2**self._failures)

    def _read(self) -> Event | None:
        if self._stream is None:
            headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
            if self._last:
                headers["Last-Event-ID"] = self._last
            self._stream = self._client.open(self._path, headers=headers)
        name, data = "", ""
        for raw in iter(self._stream.answer.readline, b""):
            field, _, value = raw.decode().rstrip("\r\n").partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                data += value
            elif field == "id":
                self._last = value
            elif not field and name:
                return Event(name, json.loads(data))
        return None
