"""Secrets that stand in a text for everybody to read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

_SHAPES = {
    "a token of GitHub": r"gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,}",
    "a token of GitLab": r"glpat-[A-Za-z0-9_-]{20,}",
    "a token of Slack": r"xox[abeprs]-[A-Za-z0-9-]{20,}",
    "an access key of AWS": r"(?:AKIA|ASIA)[A-Z2-7]{16}",
    "an API key of Google": r"AIza[A-Za-z0-9_-]{35}",
    "a key of Stripe": r"[rs]k_live_[A-Za-z0-9]{20,}",
    "a JSON Web Token": r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
}
_SHAPED = re.compile(
    r"(?<![A-Za-z0-9_-])(?:" + "|".join(f"({shape})" for shape in _SHAPES.values()) + ")"
)
_BEGINNINGS = (
    "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "AKIA", "ASIA", "AIza",
    "_live_", "eyJ", "-----BEGIN ",
)  # fmt: skip
"""One of these is in each text with a shape: looking for them takes a tenth of the time."""
_SHORTEST = 8
"""Shorter values are words that any text may have."""
_HINT = "Put it into a secret and read it with `secret()`; whoever has seen the text knows it."


class Leak(NamedTuple):
    """A secret in a text: what it is, never itself."""

    message: str
    line: int
    column: int
    hint: str = _HINT


def secrets_in_text(source: str, known: Mapping[str, Iterable[str]]) -> Iterator[Leak]:
    """Each place of a text that has the form of a secret, or holds a value of one of the `known`,
    by their keys.
    """
    places: set[int] = set()
    for key, values in known.items():
        for at in {place for value in values for place in _places(source, value)} - places:
            places.add(at)
            hint = f"Write `{{{{ secret('{key}') }}}}` instead; whoever has seen the text knows it."
            yield Leak(f"The text holds the value of the secret `{key}`.", *_spot(source, at), hint)
    if not any(beginning in source for beginning in _BEGINNINGS):
        return
    for match in _SHAPED.finditer(source):
        what = [*_SHAPES][(match.lastindex or 1) - 1]
        if match.start() not in places:
            yield Leak(f"This looks like {what}.", *_spot(source, match.start()))


def _places(source: str, value: str) -> Iterator[int]:
    """Where a value stands by itself; parts of other words tell nothing about it."""
    if len(value) < _SHORTEST or not value.strip():
        return
    at = source.find(value)
    while at >= 0:
        end = at + len(value)
        around = source[at - 1 : at], source[end : end + 1]
        if not any(each.isalnum() for each in around):
            yield at
        at = source.find(value, end)


def _spot(source: str, at: int) -> tuple[int, int]:
    before = source[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1
