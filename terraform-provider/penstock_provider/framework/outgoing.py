"""What a gRPC server sends over HTTP/2: answers of streams, within the windows of the peer."""

from __future__ import annotations

from penstock_provider.framework import frames
from penstock_provider.framework.frames import frame


class Stream:
    """One call: what came of it, and what has yet to go."""

    __slots__ = (
        "begun",
        "ended",
        "granted",
        "id",
        "outgoing",
        "parts",
        "path",
        "sent",
        "size",
        "trailers",
        "window",
    )

    def __init__(self, number: int, path: str, *, granted: int, window: int) -> None:
        self.id = number
        self.path = path
        self.granted = granted
        """Bytes that the peer may still send."""
        self.parts: list[bytes] = []
        self.size = 0
        """Bytes in ``parts``."""
        self.ended = False
        """True once the peer has said everything."""
        self.window = window
        """Bytes that we may still send."""
        self.begun = False
        self.outgoing: bytes | bytearray = b""
        """What waits for the peer's windows, from ``sent`` on."""
        self.sent = 0
        self.trailers: bytes | None = None


class Outgoing:
    """The open streams of one connection, and ``out``: what has to be written to its socket.

    ``headers`` and ``trailers`` are header blocks that leave the peer's table alone.
    """

    def __init__(self) -> None:
        self.out: list[bytes | bytearray] = []
        self.streams: dict[int, Stream] = {}
        self.first_window = frames.FIRST_WINDOW
        self._window = frames.FIRST_WINDOW
        self._largest = frames.SMALLEST_FRAME_LIMIT
        self._blocked: dict[int, Stream] = {}
        self._resize = b""

    # Answers

    def begin(self, stream: Stream, headers: bytes) -> None:
        """Sends an answer's headers."""
        stream.begun = True
        self.out.append(frame(frames.HEADERS, frames.END_HEADERS, stream.id, self._block(headers)))

    def send(self, stream: Stream, data: bytes) -> None:
        """Sends data, as soon as the peer's windows take it."""
        if not stream.outgoing:
            stream.outgoing = data
        elif isinstance(stream.outgoing, bytearray):
            stream.outgoing += data
        else:
            stream.outgoing = bytearray(stream.outgoing[stream.sent :])
            stream.outgoing += data
            stream.sent = 0
        self._push(stream)

    def finish(self, stream: Stream, trailers: bytes) -> None:
        """Ends an answer, after all that waits."""
        stream.trailers = trailers
        self._push(stream)

    def answer(self, stream: Stream, data: bytes, *, headers: bytes, trailers: bytes) -> None:
        """All three at once."""
        size = len(data)
        if size > stream.window or size > self._window or size > self._largest:
            self.begin(stream, headers)
            stream.trailers = trailers
            self.send(stream, data)
            return
        self._window -= size
        self.out += (
            frame(frames.HEADERS, frames.END_HEADERS, stream.id, self._block(headers)),
            (size << 48 | stream.id).to_bytes(frames.HEAD, "big"),
            data,
        )
        self._end(stream, trailers)

    def reset(self, stream: Stream, code: int) -> None:
        """Ends a call without an answer."""
        self.out.append(frames.reset(stream.id, code))
        self.drop(stream.id)

    def drop(self, number: int) -> None:
        """Forgets a stream that the peer has ended."""
        self.streams.pop(number, None)
        self._blocked.pop(number, None)

    # What the peer allows

    def resize_windows(self, size: int) -> None:
        """All streams' windows begin with another size than they did."""
        if size > frames.LARGEST_WINDOW:
            raise frames.Fault(frames.FLOW_CONTROL_ERROR, "a window is too large")
        for stream in self.streams.values():
            stream.window += size - self.first_window
            if stream.window > frames.LARGEST_WINDOW:
                raise frames.Fault(frames.FLOW_CONTROL_ERROR, "a window is too large")
        self.first_window = size

    def resize_frames(self, size: int) -> None:
        """Frames may be so large."""
        if not frames.SMALLEST_FRAME_LIMIT <= size <= frames.LARGEST_FRAME_LIMIT:
            raise frames.Fault(frames.PROTOCOL_ERROR, "frames of that size are not allowed")
        self._largest = size

    def resize_table(self, size: int) -> None:
        """We use no table of headers, but a peer who wants it smaller must be told so."""
        if size < 4096:  # noqa: PLR2004 (the protocol's own default)
            self._resize = b"\x20"

    def widen(self, more: int) -> None:
        """The connection's window grows."""
        self._window += more
        if self._window > frames.LARGEST_WINDOW:
            raise frames.Fault(frames.FLOW_CONTROL_ERROR, "a window is too large")
        self.push_blocked()

    def widen_stream(self, stream: Stream, more: int) -> None:
        """One stream's window grows."""
        stream.window += more
        if not more:
            self.reset(stream, frames.PROTOCOL_ERROR)
        elif stream.window > frames.LARGEST_WINDOW:
            self.reset(stream, frames.FLOW_CONTROL_ERROR)
        elif stream.id in self._blocked:
            self._push(stream)

    def push_blocked(self) -> None:
        """Sends what waited for windows, as far as they go."""
        for stream in list(self._blocked.values()):
            if self._window <= 0:
                return
            self._push(stream)

    def _push(self, stream: Stream) -> None:
        data, total = stream.outgoing, len(stream.outgoing)
        while stream.sent < total:
            size = min(stream.window, self._window, self._largest, total - stream.sent)
            if size <= 0:
                self._blocked[stream.id] = stream
                if isinstance(data, bytearray):
                    del data[: stream.sent]
                    stream.sent = 0
                return
            self.out.append((size << 48 | stream.id).to_bytes(frames.HEAD, "big"))
            self.out.append(data[stream.sent : stream.sent + size])
            stream.sent += size
            stream.window -= size
            self._window -= size
        stream.outgoing, stream.sent = b"", 0
        self._blocked.pop(stream.id, None)
        if stream.trailers is not None:
            self._end(stream, stream.trailers)

    def _end(self, stream: Stream, trailers: bytes) -> None:
        flags = frames.END_HEADERS | frames.END_STREAM
        self.out.append(frame(frames.HEADERS, flags, stream.id, self._block(trailers)))
        if not stream.ended:
            # What the peer may still be sending is of no use.
            self.out.append(frames.reset(stream.id, frames.NO_ERROR))
        self.drop(stream.id)

    def _block(self, block: bytes) -> bytes:
        if self._resize:
            block, self._resize = self._resize + block, b""
        return block
