"""Frames of HTTP/2 (RFC 9113): their numbers, and what may be wrong with them."""

from __future__ import annotations

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY = range(8)
WINDOW_UPDATE, CONTINUATION = 8, 9
"""Kinds of frames."""

ACK = END_STREAM = 1
END_HEADERS, PADDED, WITH_PRIORITY = 4, 8, 32
"""Flags."""

NO_ERROR, PROTOCOL_ERROR = 0, 1
FLOW_CONTROL_ERROR, STREAM_CLOSED, FRAME_SIZE_ERROR, REFUSED_STREAM = 3, 5, 6, 7
COMPRESSION_ERROR, ENHANCE_YOUR_CALM = 9, 11
"""Codes of errors."""

HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE = range(
    1, 6
)
"""Settings."""

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEAD = 9
"""Bytes before a frame's payload."""
SMALLEST_FRAME_LIMIT, LARGEST_FRAME_LIMIT = 1 << 14, (1 << 24) - 1
FIRST_WINDOW, LARGEST_WINDOW = (1 << 16) - 1, (1 << 31) - 1


class Fault(Exception):
    """The peer broke the protocol, and the connection ends; ``code`` is HTTP/2's for it."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame."""
    return (len(payload) << 48 | kind << 40 | flags << 32 | stream).to_bytes(HEAD, "big") + payload


def reset(stream: int, code: int) -> bytes:
    """The frame that ends a stream."""
    return frame(RST_STREAM, 0, stream, code.to_bytes(4, "big"))


def grant(stream: int, size: int) -> bytes:
    """The frame that lets the peer send so many bytes more; stream 0 is the connection."""
    return frame(WINDOW_UPDATE, 0, stream, size.to_bytes(4, "big"))


def unpadded(flags: int, payload: bytes) -> bytes:
    """The payload of DATA or HEADERS without its padding."""
    if not flags & PADDED:
        return payload
    if not payload or payload[0] >= len(payload):
        raise Fault(PROTOCOL_ERROR, "a frame's padding is longer than the frame")
    return payload[1 : len(payload) - payload[0]]


def numbers(payload: bytes) -> list[tuple[int, int]]:
    """The settings of a SETTINGS frame."""
    return [
        divmod(int.from_bytes(payload[at : at + 6], "big"), 1 << 32)
        for at in range(0, len(payload), 6)
    ]
