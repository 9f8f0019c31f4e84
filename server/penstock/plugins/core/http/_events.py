"""Server-sent events, as they stand in a stream of bytes."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_LINE = re.compile(r"\r\n|\n|\r")
"""A line's end."""


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event: its data, and what else was said."""

    data: str
    name: str | None = None
    id: str | None = None
    comment: str | None = None


@dataclass
class EventDecoder:
    """Takes bytes as they come, gives the events that they complete."""

    _begun: list[str] = field(default_factory=list)
    """Pieces of a line that has not ended."""
    _half: str = ""
    """A carriage return that is the last so far: it may be half of a line's end."""
    _lines: list[str] = field(default_factory=list)
    _decoder: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8-sig")("replace")
    )

    def feed(self, chunk: bytes) -> Iterator[ServerSentEvent]:
        """Takes the next bytes."""
        text = self._half + self._decoder.decode(chunk)
        self._half = "\r" if text.endswith("\r") else ""
        *lines, rest = _LINE.split(text.removesuffix("\r"))
        if lines:
            lines[0] = "".join([*self._begun, lines[0]])
            self._begun.clear()
        self._begun.append(rest)
        for line in lines:
            if line:
                self._lines.append(line)
                continue
            said, self._lines = self._lines, []
            event = _event(said)
            if event is not None:
                yield event


def _event(lines: list[str]) -> ServerSentEvent | None:
    """The event of some lines; none without data."""
    said: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(":")
        said.setdefault(name, []).append(value.removeprefix(" "))
    if "data" not in said:
        return None
    return ServerSentEvent(
        data="\n".join(said["data"]),
        name=said.get("event", [None])[-1],
        id=said.get("id", [None])[-1],
        comment="\n".join(said[""]) if "" in said else None,
    )
