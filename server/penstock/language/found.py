"""Says what stands in the text, in a few words."""

from __future__ import annotations

from penstock.model.found import found, quoted

__all__ = ["MOST_PROBLEMS", "found", "quoted", "sentence"]

MOST_PROBLEMS = 100
"""Nobody reads more at once, and each costs time to be said well."""


def sentence(text: str) -> str:
    """The text with a capital first letter and a full stop."""
    text = text.strip()
    if not text:
        return text
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?…" else f"{text}."
