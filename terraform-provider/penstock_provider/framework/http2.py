"""A gRPC server for one connection over HTTP/2: calls with one answer or many, and open streams."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from penstock_provider.framework.hpack import encode
from penstock_provider.framework.incoming import Incoming
from penstock_provider.framework.outgoing import Outgoing, Stream

if TYPE_CHECKING:
    from penstock_provider.framework.endpoint import Endpoint
    from penstock_provider.framework.loop import Loop, Task

Handler = Callable[[bytes], "Task[bytes]"]
Send = Callable[[bytes], bool]
"""Sends one answer of many; False once nobody listens any more."""
StreamHandler = Callable[[bytes, Send], "Task[None]"]

_PREFIX = 5
"""Bytes before a message: whether it is compressed, and its length."""
_LARGEST_MESSAGE = 256 * 1024 * 1024
_READ = 65_536
_UNIMPLEMENTED, _INTERNAL, _EXHAUSTED = b"12", b"13", b"8"
# 0x88 is ":status: 200" of the static table.
_HEADERS = b"\x88" + encode([(b"content-type", b"application/grpc")])
_OK = encode([(b"grpc-status", b"0")])


class Connection:
    """Serves one accepted socket until the peer leaves.

    ``handlers`` maps a gRPC path to a coroutine function from request to response bytes,
    ``streams`` to one that sends its answers itself; calls of paths in ``open_streams`` get headers
    and then silence until the connection ends.
    """

    def __init__(
        self,
        loop: Loop,
        sock: Endpoint,
        *,
        handlers: Mapping[str, Handler],
        streams: Mapping[str, StreamHandler] | None = None,
        open_streams: frozenset[str] = frozenset(),
        on_close: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._sock = sock
        # Of a socket with TLS: what is decrypted already, of which no poll tells.
        self._pending: Callable[[], int] | None = getattr(sock, "pending", None)
        self._handlers = handlers
        self._stream_handlers = streams or {}
        self._open_streams = open_streams
        self._on_close = on_close
        self._unsent = b""
        self._closed = False
        self._flush_waits = False
        self._outgoing = Outgoing()
        self._incoming = Incoming(self, self._outgoing)
        loop.watch(sock, self._ready)
        self._flush()

    def close(self) -> None:
        """Ends the connection."""
        if self._closed:
            return
        self._closed = True
        self._outgoing.streams.clear()
        self._loop.forget(self._sock)
        self._sock.close()
        self._on_close()

    def drain(self) -> None:
        """Sends what waits, as far as the socket takes it."""
        self._flush()

    def _ready(self) -> None:
        incoming = self._incoming
        # What is answered meanwhile goes with the flush below.
        self._flush_waits = True
        try:
            while not self._closed:
                data = self._sock.recv(_READ)
                if not data:
                    self.close()
                    return
                incoming.receive(data)
                if incoming.over or self._pending is None or not self._pending():
                    break
        except BlockingIOError:
            pass
        except OSError:
            self.close()
            return
        self._flush()
        if incoming.over:
            self.close()

    # What the connection's incoming half calls

    def begun(self, stream: Stream) -> None:
        """A call's headers have come."""
        if stream.path in self._open_streams:
            self._outgoing.begin(stream, _HEADERS)
        elif stream.path not in self._handlers and stream.path not in self._stream_handlers:
            self._end(stream, _failure(_UNIMPLEMENTED, f"{stream.path} is not implemented"))

    def grown(self, stream: Stream) -> None:
        """A part of a request has come: it must not become too large."""
        if stream.size > _LARGEST_MESSAGE + _PREFIX:
            self._end(stream, _failure(_EXHAUSTED, "the request is larger than 256 MiB"))

    def complete(self, stream: Stream) -> None:
        """All of a request has come."""
        if stream.path in self._open_streams:
            return
        parts, stream.parts = stream.parts, []
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        if len(body) < _PREFIX or len(body) != _PREFIX + int.from_bytes(body[1:5], "big"):
            self._end(stream, _failure(_INTERNAL, "the request is not one gRPC message"))
        elif body[0]:
            self._end(stream, _failure(_UNIMPLEMENTED, "compressed messages are not supported"))
        else:
            self._start(stream, body[_PREFIX:])

    # Answers

    def _start(self, stream: Stream, request: bytes) -> None:
        handler = self._handlers.get(stream.path)
        task: Task[Any]
        if handler is not None:
            task = handler(request)
        else:
            task = self._stream_handlers[stream.path](request, partial(self._send, stream))
        # Most calls wait for nothing, and are answered before the next one is read.
        running = self._loop.begin(task)

        def finish() -> None:
            try:
                self._answer(stream, running.result())
            except Exception as error:  # noqa: BLE001 (the peer must hear of any failure)
                self._end(stream, _failure(_INTERNAL, type(error).__name__))
            self._flush_soon()

        running.when_done(finish)

    def _answer(self, stream: Stream, message: bytes | None) -> None:
        """The end of a call; with its only answer, unless it has sent its answers itself."""
        if message is None:
            self._end(stream, _OK)
        elif len(message) > _LARGEST_MESSAGE:
            self._end(stream, _failure(_EXHAUSTED, "the answer is larger than 256 MiB"))
        elif self._waits(stream):
            self._outgoing.answer(stream, _framed(message), headers=_HEADERS, trailers=_OK)

    def _waits(self, stream: Stream) -> bool:
        return self._outgoing.streams.get(stream.id) is stream and stream.trailers is None

    def _send(self, stream: Stream, message: bytes) -> bool:
        """Puts one answer on its way; False when nobody waits for it any more."""
        if not self._waits(stream):
            return False
        if len(message) > _LARGEST_MESSAGE:
            self._end(stream, _failure(_EXHAUSTED, "the answer is larger than 256 MiB"))
            return False
        if not stream.begun:
            self._outgoing.begin(stream, _HEADERS)
        self._outgoing.send(stream, _framed(message))
        self._flush_soon()
        return True

    def _end(self, stream: Stream, trailers: bytes) -> None:
        if not self._waits(stream):
            return
        if not stream.begun:
            self._outgoing.begin(stream, _HEADERS)
        self._outgoing.finish(stream, trailers)

    def _flush_soon(self) -> None:
        if not self._flush_waits:
            self._flush_waits = True
            self._loop.soon(self._flush)

    def _flush(self) -> None:
        self._flush_waits = False
        if self._closed:
            return
        out = self._outgoing.out
        if out:
            data = b"".join((self._unsent, *out))
            out.clear()
        else:
            data = self._unsent
        at, size, view = 0, len(data), memoryview(data)
        try:
            while at < size:
                at += self._sock.send(view[at:])
        except BlockingIOError:
            pass
        except OSError:
            self.close()
            return
        self._unsent = data[at:]
        self._loop.watch_writing(self._sock, writing=bool(self._unsent))


def _framed(message: bytes) -> bytes:
    return b"\0" + len(message).to_bytes(4, "big") + message


def _failure(status: bytes, text: str) -> bytes:
    # gRPC wants everything but printable ASCII as percent signs and hexadecimal digits.
    message = "".join(
        chr(byte) if 0x20 <= byte <= 0x7E and byte != 0x25 else f"%{byte:02X}"  # noqa: PLR2004 (blank, tilde, percent sign)
        for byte in text.encode()
    )
    return encode([(b"grpc-status", status), (b"grpc-message", message.encode())])
