"""Bytes of a stream into lines of bounded length."""

from __future__ import annotations

from collections.abc import Callable

MAX_LINE_BYTES = 32 * 1024
"""A longer line is cut, so that one line without an end does not fill the memory."""
MAX_MARKER_BYTES = 1024 * 1024
"""Lines of the outputs protocol may be longer."""
MARGIN_BYTES = 8 * 1024
"""So much more of a cut line is given, so that a secret at the cut can be hidden as a whole."""
MARKER = "::{"
_MARKER = MARKER.encode()


class LineSplitter:
    """Takes bytes as they come, gives lines to `emit`: decoded, without their end, and whether
    that is only the beginning of a line that is too long.
    """

    def __init__(self, emit: Callable[[str, bool], None]) -> None:
        self._emit = emit
        self._pending = bytearray()
        self._cut = False

    def feed(self, chunk: bytes) -> None:
        """Takes the next bytes."""
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            self._take(line)
            self._flush()
        self._take(rest)

    def close(self) -> None:
        """Gives the last line when it has no end."""
        if self._pending:
            self._flush()

    def _take(self, part: bytes) -> None:
        self._pending += part
        is_marker = self._pending[: len(_MARKER)] == _MARKER
        limit = MAX_MARKER_BYTES if is_marker else MAX_LINE_BYTES
        if len(self._pending) > limit:
            self._cut = True
            del self._pending[max(limit, MAX_LINE_BYTES + MARGIN_BYTES) :]

    def _flush(self) -> None:
        line = bytes(self._pending)
        cut, self._cut = self._cut, False
        self._pending.clear()
        line = line[: MAX_LINE_BYTES + MARGIN_BYTES] if cut else line.removesuffix(b"\r")
        self._emit(line.decode("utf-8", errors="replace"), cut)
