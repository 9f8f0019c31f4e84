"""What changes between two texts, line by line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

_NO_NEWLINE = "\\ No newline at end of file\n"


def line_diff(before: str | None, after: str | None, name: str) -> str:
    """A unified diff; empty when nothing changes. None stands for a text that does not exist."""
    if before == after:
        return ""
    old = before.splitlines(keepends=True) if before else []
    new = after.splitlines(keepends=True) if after else []
    first = "/dev/null" if before is None else f"a/{name}"
    second = "/dev/null" if after is None else f"b/{name}"
    if old and new:
        lines: Iterable[str] = difflib.unified_diff(old, new, fromfile=first, tofile=second)
    else:
        lines = _whole(old, new, first=first, second=second)
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}" for line in lines)


def _whole(old: Sequence[str], new: Sequence[str], *, first: str, second: str) -> Iterable[str]:
    """The diff of a text with nothing: there is nothing to compare."""
    if not old and not new:
        return
    yield f"--- {first}\n"
    yield f"+++ {second}\n"
    yield f"@@ -{_range(old)} +{_range(new)} @@\n"
    yield from (f"-{line}" for line in old)
    yield from (f"+{line}" for line in new)


def _range(lines: Sequence[str]) -> str:
    return "0,0" if not lines else "1" if len(lines) == 1 else f"1,{len(lines)}"
