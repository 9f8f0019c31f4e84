"""What changes between two texts, line by line."""

from __future__ import annotations

import difflib

_NO_NEWLINE = "\\ No newline at end of file\n"


def line_diff(before: str | None, after: str | None, name: str) -> str:
    """A unified diff; empty when nothing changes. None stands for a text that does not exist."""
    if before == after:
        return ""
    old = before.splitlines(keepends=True) if before else []
    new = after.splitlines(keepends=True) if after else []
    lines = difflib.unified_diff(
        old,
        new,
        fromfile="/dev/null" if before is None else f"a/{name}",
        tofile="/dev/null" if after is None else f"b/{name}",
    )
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}" for line in lines)
