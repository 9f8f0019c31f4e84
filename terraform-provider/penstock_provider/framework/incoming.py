"""What a gRPC server hears over HTTP/2 (RFC 9113): bytes become calls. No socket here.

What a peer does wrong on one stream ends that stream; what it does wrong to the connection ends
that, with the GOAWAY that the standard asks for. Priorities are passed over.
"""

from __future__ import annotations

from typing import Protocol

from penstock_provider.framework import frames
from penstock_provider.framework.frames import Fault, frame
from penstock_provider.framework.hpack import BadBlock, Decoder
from penstock_provider.framework.outgoing import Outgoing, Stream

WINDOW = 16 * 1024 * 1024
"""Bytes that the peer may send on a stream, and on all of them, before we confirm any."""
STREAMS = 1000
"""Calls that may be open at once."""
_HEADERS_BYTES = 65_536
_PRIORITY_BYTES, _PING_BYTES, _GOAWAY_BYTES, _CODE_BYTES = 5, 8, 8, 4


class Calls(Protocol):
    """Who hears of calls. Each may answer, end or reset the stream."""

    def begun(self, stream: Stream) -> None:
        """A call's headers have come."""

    def grown(self, stream: Stream) -> None:
        """A part of a request has come, and it is not the last one."""

    def complete(self, stream: Stream) -> None:
        """All of a request has come."""


class Incoming:
    """One connection's incoming half; ``over`` is true once nothing more is listened to."""

    def __init__(self, calls: Calls, outgoing: Outgoing) -> None:
        self._calls = calls
        self._outgoing = outgoing
        self._streams = outgoing.streams
        self._decoder = Decoder()
        self.over = False
        self._rest = b""
        self._greeted = self._settled = False
        self._last = 0
        self._granted = WINDOW
        self._block: list[bytes] = []
        self._block_size = 0
        self._block_of = (0, 0)
        self._by_kind = (
            self._data,
            self._headers,
            self._priority,
            self._reset,
            self._settings,
            self._push_promise,
            self._ping,
            self._goaway,
            self._window_update,
            self._continuation,
        )
        settings = (
            (frames.MAX_CONCURRENT_STREAMS, STREAMS),
            (frames.INITIAL_WINDOW_SIZE, WINDOW),
        )
        payload = b"".join((key << 32 | value).to_bytes(6, "big") for key, value in settings)
        outgoing.out += (
            frame(frames.SETTINGS, 0, 0, payload),
            frames.grant(0, WINDOW - frames.FIRST_WINDOW),
        )

    def receive(self, data: bytes) -> None:
        """Takes what the peer sent, and calls what it means."""
        if self.over:
            return
        if self._rest:
            data = self._rest + data
        at = 0
        try:
            at = self._frames(data) if self._greeted else self._greeting(data)
        except Fault as fault:
            self._leave(fault.code, str(fault))
        except BadBlock as error:
            self._leave(frames.COMPRESSION_ERROR, str(error))
        self._rest = data[at:]

    def _greeting(self, data: bytes) -> int:
        size = len(frames.PREFACE)
        if data[:size] != frames.PREFACE[: len(data)]:
            raise Fault(frames.PROTOCOL_ERROR, "this is not HTTP/2")
        if len(data) < size:
            return 0
        self._greeted = True
        return size + self._frames(data[size:])

    def _frames(self, data: bytes) -> int:
        """Takes all whole frames; how many bytes they are."""
        at, end = 0, len(data)
        while end - at >= frames.HEAD and not self.over:
            head = int.from_bytes(data[at : at + 9], "big")
            size = head >> 48
            if size > frames.SMALLEST_FRAME_LIMIT:
                raise Fault(frames.FRAME_SIZE_ERROR, "a frame is too large")
            begin = at + 9
            at = begin + size
            if at > end:
                return begin - 9
            kind, flags, number = head >> 40 & 0xFF, head >> 32 & 0xFF, head & 0x7FFFFFFF
            if not self._settled:
                if kind != frames.SETTINGS or flags & frames.ACK:
                    raise Fault(frames.PROTOCOL_ERROR, "settings do not come first")
                self._settled = True
            if self._block and (kind != frames.CONTINUATION or number != self._block_of[0]):
                raise Fault(frames.PROTOCOL_ERROR, "headers are cut off by another frame")
            if kind < len(self._by_kind):
                self._by_kind[kind](flags, number, data[begin:at])
        return at

    def _leave(self, code: int, text: str) -> None:
        payload = (self._last << 32 | code).to_bytes(8, "big") + text.encode()
        self._outgoing.out.append(frame(frames.GOAWAY, 0, 0, payload))
        self.over = True

    # Requests

    def _data(self, flags: int, number: int, payload: bytes) -> None:
        size = len(payload)
        self._granted -= size
        if self._granted < 0:
            raise Fault(frames.FLOW_CONTROL_ERROR, "more data than the connection's window")
        if self._granted < WINDOW // 2:
            self._outgoing.out.append(frames.grant(0, WINDOW - self._granted))
            self._granted = WINDOW
        payload = frames.unpadded(flags, payload)
        stream = self._streams.get(number)
        if stream is None:
            # Data may still be on its way to a stream that we have ended.
            self._opened(number, "data")
            return
        stream.granted -= size
        if stream.ended or stream.granted < 0:
            code = frames.STREAM_CLOSED if stream.ended else frames.FLOW_CONTROL_ERROR
            self._outgoing.reset(stream, code)
            return
        if payload:
            stream.parts.append(payload)
            stream.size += len(payload)
        if flags & frames.END_STREAM:
            self._complete(stream)
            return
        self._calls.grown(stream)
        if stream.granted < WINDOW // 2 and number in self._streams:
            self._outgoing.out.append(frames.grant(number, WINDOW - stream.granted))
            stream.granted = WINDOW

    def _complete(self, stream: Stream) -> None:
        stream.ended = True
        self._calls.complete(stream)

    def _headers(self, flags: int, number: int, payload: bytes) -> None:
        if not number & 1:
            raise Fault(frames.PROTOCOL_ERROR, "headers on a stream that is not the client's")
        payload = frames.unpadded(flags, payload)
        if flags & frames.WITH_PRIORITY:
            if len(payload) < _PRIORITY_BYTES:
                raise Fault(frames.FRAME_SIZE_ERROR, "headers are too short for their priority")
            payload = payload[_PRIORITY_BYTES:]
        if flags & frames.END_HEADERS:
            self._open(flags, number, payload)
        else:
            self._block, self._block_size = [payload], len(payload)
            self._block_of = (number, flags)

    def _continuation(self, flags: int, number: int, payload: bytes) -> None:
        if not self._block:
            raise Fault(frames.PROTOCOL_ERROR, "a continuation of nothing")
        self._block.append(payload)
        # Empty ones count too: they cost work, and there could be any number of them.
        self._block_size += len(payload) + frames.HEAD
        if self._block_size > _HEADERS_BYTES:
            raise Fault(frames.ENHANCE_YOUR_CALM, "headers are too long")
        if flags & frames.END_HEADERS:
            block, self._block = b"".join(self._block), []
            self._open(self._block_of[1], number, block)

    def _open(self, flags: int, number: int, block: bytes) -> None:
        # Also of a stream that is refused: the table of headers is the connection's.
        headers = self._decoder.decode(block)
        stream = self._streams.get(number)
        if stream is not None or number <= self._last:
            self._end_by_headers(flags, stream, named=any(name[:1] == b":" for name, _ in headers))
            return
        self._last = number
        path = next((value for name, value in headers if name == b":path"), None)
        if len(self._streams) >= STREAMS or path is None:
            code = frames.PROTOCOL_ERROR if path is None else frames.REFUSED_STREAM
            self._outgoing.out.append(frames.reset(number, code))
            return
        stream = Stream(
            number,
            path.decode("latin-1"),
            granted=WINDOW,
            window=self._outgoing.first_window,
        )
        self._streams[number] = stream
        self._calls.begun(stream)
        if flags & frames.END_STREAM and number in self._streams:
            self._complete(stream)

    def _end_by_headers(self, flags: int, stream: Stream | None, *, named: bool) -> None:
        """Trailers of a request; they may also come to a stream that we have ended."""
        if named or not flags & frames.END_STREAM:
            raise Fault(frames.PROTOCOL_ERROR, "a stream is opened twice")
        if stream is not None and stream.ended:
            self._outgoing.reset(stream, frames.STREAM_CLOSED)
        elif stream is not None:
            self._complete(stream)

    def _reset(self, _: int, number: int, payload: bytes) -> None:
        _sized(payload, _CODE_BYTES)
        self._opened(number, "a reset")
        self._outgoing.drop(number)

    def _opened(self, number: int, what: str) -> None:
        if not number & 1 or number > self._last:
            raise Fault(frames.PROTOCOL_ERROR, f"{what} for a stream that was never opened")

    # The connection

    def _settings(self, flags: int, number: int, payload: bytes) -> None:
        if number:
            raise Fault(frames.PROTOCOL_ERROR, "settings of a stream")
        if len(payload) % 6 or (flags & frames.ACK and payload):
            raise Fault(frames.FRAME_SIZE_ERROR, "settings are of six bytes each, or none")
        if flags & frames.ACK:
            return
        for key, value in frames.numbers(payload):
            if key == frames.INITIAL_WINDOW_SIZE:
                self._outgoing.resize_windows(value)
            elif key == frames.MAX_FRAME_SIZE:
                self._outgoing.resize_frames(value)
            elif key == frames.HEADER_TABLE_SIZE:
                self._outgoing.resize_table(value)
            elif key == frames.ENABLE_PUSH and value > 1:
                raise Fault(frames.PROTOCOL_ERROR, "push is on or off")
        self._outgoing.out.append(frame(frames.SETTINGS, frames.ACK, 0))
        self._outgoing.push_blocked()

    def _window_update(self, _: int, number: int, payload: bytes) -> None:
        _sized(payload, _CODE_BYTES)
        more = int.from_bytes(payload, "big") & 0x7FFFFFFF
        if not number:
            if not more:
                raise Fault(frames.PROTOCOL_ERROR, "a window grows by nothing")
            self._outgoing.widen(more)
            return
        self._opened(number, "a larger window")
        stream = self._streams.get(number)
        if stream is not None:
            self._outgoing.widen_stream(stream, more)

    def _ping(self, flags: int, number: int, payload: bytes) -> None:
        if number:
            raise Fault(frames.PROTOCOL_ERROR, "a ping of a stream")
        _sized(payload, _PING_BYTES)
        if not flags & frames.ACK:
            self._outgoing.out.append(frame(frames.PING, frames.ACK, 0, payload))

    def _goaway(self, _: int, number: int, payload: bytes) -> None:
        if number:
            raise Fault(frames.PROTOCOL_ERROR, "a goodbye of a stream")
        if len(payload) < _GOAWAY_BYTES:
            raise Fault(frames.FRAME_SIZE_ERROR, "a goodbye is too short")
        self.over = True

    def _priority(self, _: int, number: int, payload: bytes) -> None:
        if not number:
            raise Fault(frames.PROTOCOL_ERROR, "a priority of no stream")
        _sized(payload, _PRIORITY_BYTES)

    def _push_promise(self, _: int, __: int, ___: bytes) -> None:
        raise Fault(frames.PROTOCOL_ERROR, "clients promise nothing")


def _sized(payload: bytes, size: int) -> None:
    if len(payload) != size:
        raise Fault(frames.FRAME_SIZE_ERROR, "a frame has not the size of its kind")
