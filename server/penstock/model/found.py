"""Says what a value is, in a few words."""

from __future__ import annotations

_QUOTED = 60


def found(value: object) -> str:
    """The value as a message names it: ``the number 5``, ``a list``, ``the text `abc```."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text `{quoted(value)}`" if value else "an empty text"
    return "a list" if isinstance(value, (list, tuple)) else "a mapping"


def quoted(text: str) -> str:
    """The first line of a text, cut to a length that fits a message."""
    line, newline, _ = text.partition("\n")
    if len(line) > _QUOTED:
        return f"{line[:_QUOTED]}…"
    return f"{line}…" if newline else line
