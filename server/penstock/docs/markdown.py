"""Pieces of Markdown that the pages share."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence

Pages = dict[str, str]
"""Path below the folder of references → text."""
MADE = "<!-- Made by `penstock docs build`. Change the code, not this page. -->"
"""The last line of each generated page."""


def page(title: str, *blocks: str) -> str:
    """A page, its blocks apart; says that it is generated."""
    return "\n\n".join([f"# {title}", *(block for block in blocks if block), MADE]) + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; empty when there are no rows."""
    lines = [_row(cells) for cells in rows]
    if not lines:
        return ""
    return "\n".join([_row(heads), "|" + "---|" * len(heads), *lines])


def fenced(text: str, language: str) -> str:
    """A block of code."""
    return f"```{language}\n{text.rstrip()}\n```"


def plain(docstring: str | None) -> str:
    """A docstring as Markdown: dedented, double backticks single, lines joined by paragraph."""
    text = inspect.cleandoc(docstring or "").replace("``", "`")
    parts = (" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part)
    return visible("\n\n".join(parts))


def visible(text: str) -> str:
    """Text whose angle brackets, outside of code, are not taken for HTML."""
    parts = text.split("`")
    parts[::2] = [part.replace("<", "\\<") for part in parts[::2]]
    return "`".join(parts)


def code(text: str) -> str:
    """Inline code, safe inside a table."""
    return f"`{text}`" if "`" not in text else f"`` {text} ``"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"
