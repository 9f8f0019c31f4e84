"""A gRPC server for one connection over HTTP/2: calls with one answer or many, and open streams."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

if TYPE_CHECKING:
    from penstock_provider.framework.loop import Loop, Task

Handler = Callable[[bytes], "Task[bytes]"]
Send = Callable[[bytes], bool]
"""Sends one answer of many; False once nobody listens any more."""
StreamHandler = Callable[[bytes, Send], "Task[None]"]

_WINDOW = 16 * 1024 * 1024
_PREFIX = 5
_LARGEST_MESSAGE = 256 * 1024 * 1024
_UNIMPLEMENTED, _INTERNAL, _EXHAUSTED = "12", "13", "8"
_HEADERS = [(":status", "200"), ("content-type", "application/grpc")]
_OK = [("grpc-status", "0")]


class _Stream:
    __slots__ = ("begun", "outgoing", "path", "received", "sent", "trailers")

    def __init__(self, path: str) -> None:
        self.path = path
        self.received = bytearray()
        self.outgoing = bytearray()
        self.sent = 0
        self.begun = False
        self.trailers: list[tuple[str, str]] | None = None


class Connection:
    """Serves one accepted socket until the peer leaves.

    ``handlers`` maps a gRPC path to a coroutine function from request to response bytes,
    ``streams`` to one that sends its answers itself; calls of paths in ``open_streams`` get headers
    and then silence until the connection ends.
    """

    def __init__(
        self,
        loop: Loop,
        sock: socket.socket,
        *,
        handlers: Mapping[str, Handler],
        streams: Mapping[str, StreamHandler] | None = None,
        open_streams: frozenset[str] = frozenset(),
        on_close: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._sock = sock
        self._handlers = handlers
        self._stream_handlers = streams or {}
        self._open_streams = open_streams
        self._on_close = on_close
        self._streams: dict[int, _Stream] = {}
        self._unsent = bytearray()
        self._closed = False
        self._flush_waits = False
        # The peer is Terraform's own gRPC stack over a verified or private socket; checking each
        # header again costs more than the calls do.
        self._h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(
                client_side=False,
                header_encoding=None,
                validate_inbound_headers=False,
                normalize_inbound_headers=False,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        codes = h2.settings.SettingCodes
        self._h2.local_settings = h2.settings.Settings(
            client=False,
            initial_values={codes.INITIAL_WINDOW_SIZE: _WINDOW, codes.MAX_CONCURRENT_STREAMS: 1000},
        )
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(_WINDOW)
        loop.watch(sock, self._ready)
        self._flush()

    def close(self) -> None:
        """Ends the connection."""
        if self._closed:
            return
        self._closed = True
        self._loop.forget(self._sock)
        self._sock.close()
        self._on_close()

    def drain(self) -> None:
        """Sends what waits, as far as the socket takes it."""
        self._flush()

    def _ready(self) -> None:
        try:
            while not self._closed:
                data = self._sock.recv(262144)
                if not data:
                    self.close()
                    return
                for event in self._h2.receive_data(data):
                    self._on_event(event)
                if not isinstance(self._sock, ssl.SSLSocket) or not self._sock.pending():
                    break
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
            pass
        except h2.exceptions.ProtocolError:
            self._flush()
            self.close()
            return
        except OSError:
            self.close()
            return
        self._flush()

    def _on_event(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RequestReceived):
            path = next((value for name, value in event.headers if name == b":path"), b"")
            self._begin(event.stream_id, bytes(path).decode())
        elif isinstance(event, h2.events.DataReceived):
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            stream = self._streams.get(event.stream_id)
            if stream is not None:
                stream.received += event.data
        elif isinstance(event, h2.events.StreamEnded):
            self._call(event.stream_id)
        elif isinstance(event, h2.events.WindowUpdated):
            waiting = [event.stream_id] if event.stream_id else list(self._streams)
            for stream_id in waiting:
                self._push(stream_id)
        elif isinstance(event, h2.events.RemoteSettingsChanged):
            for stream_id in list(self._streams):
                self._push(stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self._streams.pop(event.stream_id, None)
        elif isinstance(event, h2.events.ConnectionTerminated):
            self._flush()
            self.close()

    def _begin(self, stream_id: int, path: str) -> None:
        self._streams[stream_id] = _Stream(path)
        if path in self._open_streams:
            self._h2.send_headers(stream_id, _HEADERS)
        elif path not in self._handlers and path not in self._stream_handlers:
            self._refuse(stream_id, _UNIMPLEMENTED, f"{path} is not implemented")

    def _refuse(self, stream_id: int, status: str, message: str) -> None:
        self._streams.pop(stream_id, None)
        self._h2.send_headers(
            stream_id,
            [*_HEADERS, ("grpc-status", status), ("grpc-message", message)],
            end_stream=True,
        )

    def _call(self, stream_id: int) -> None:
        stream = self._streams.get(stream_id)
        if stream is None or stream.path in self._open_streams:
            return
        body = bytes(stream.received)
        stream.received = bytearray()
        if len(body) < _PREFIX or len(body) != _PREFIX + int.from_bytes(body[1:5], "big"):
            self._refuse(stream_id, _INTERNAL, "the request is not one gRPC message")
            return
        if body[0]:
            self._refuse(stream_id, _UNIMPLEMENTED, "compressed messages are not supported")
            return
        self._start(stream_id, stream, body[_PREFIX:])

    def _start(self, stream_id: int, stream: _Stream, request: bytes) -> None:
        handler = self._handlers.get(stream.path)
        if handler is not None:
            answer = self._loop.spawn(handler(request))
        else:
            send = partial(self._send, stream_id)
            answer = self._loop.spawn(self._stream_handlers[stream.path](request, send))

        def finish() -> None:
            try:
                last = answer.result()
                if last is not None:
                    self._send(stream_id, last)
                self._end(stream_id)
            except Exception as error:  # noqa: BLE001 (the peer must hear of any failure)
                self._fail(stream_id, _INTERNAL, type(error).__name__)
            self._flush_soon()

        answer.when_done(finish)

    def _send(self, stream_id: int, message: bytes) -> bool:
        """Puts one answer on its way; False when nobody waits for it any more."""
        stream = self._streams.get(stream_id)
        if stream is None or self._closed or stream.trailers is not None:
            return False
        if len(message) > _LARGEST_MESSAGE:
            self._fail(stream_id, _EXHAUSTED, "the answer is larger than 256 MiB")
            return False
        self._head(stream_id, stream)
        stream.outgoing += b"\0" + len(message).to_bytes(4, "big") + message
        self._push(stream_id)
        self._flush_soon()
        return True

    def _head(self, stream_id: int, stream: _Stream) -> None:
        if not stream.begun:
            stream.begun = True
            self._h2.send_headers(stream_id, _HEADERS)

    def _end(self, stream_id: int, trailers: list[tuple[str, str]] = _OK) -> None:
        stream = self._streams.get(stream_id)
        if stream is None or self._closed or stream.trailers is not None:
            return
        self._head(stream_id, stream)
        stream.trailers = trailers
        self._push(stream_id)

    def _fail(self, stream_id: int, status: str, message: str) -> None:
        self._end(stream_id, [("grpc-status", status), ("grpc-message", message)])

    def _push(self, stream_id: int) -> None:
        """Sends as much of a stream's answers as the peer's windows take."""
        stream = self._streams.get(stream_id)
        if stream is None or not stream.begun:
            return
        data, connection = stream.outgoing, self._h2
        while stream.sent < len(data):
            window = connection.local_flow_control_window(stream_id)
            size = min(window, connection.max_outbound_frame_size, len(data) - stream.sent)
            if size <= 0:
                return
            connection.send_data(stream_id, bytes(data[stream.sent : stream.sent + size]))
            stream.sent += size
        data.clear()
        stream.sent = 0
        if stream.trailers is not None:
            del self._streams[stream_id]
            connection.send_headers(stream_id, stream.trailers, end_stream=True)

    def _flush_soon(self) -> None:
        if not self._flush_waits:
            self._flush_waits = True
            self._loop.soon(self._flush)

    def _flush(self) -> None:
        self._flush_waits = False
        if self._closed:
            return
        self._unsent += self._h2.data_to_send()
        try:
            while self._unsent:
                sent = self._sock.send(self._unsent)
                del self._unsent[:sent]
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError, BlockingIOError):
            pass
        except OSError:
            self.close()
            return
        self._loop.watch_writing(self._sock, writing=bool(self._unsent))
