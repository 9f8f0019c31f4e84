"""Hides secret values in everything that an execution leaves behind."""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from collections.abc import Iterator
from typing import TypeVar, cast
from urllib.parse import quote, quote_plus

import orjson

from penstock.model.frozen import Json
from penstock.model.sealed import MASK, box_of

__all__ = ["MASK", "Masker"]

_SHORTEST = 3
_CORE = 8
"""A shorter piece of Base64 is too likely to be something else."""
_BASE64_WIDTHS = (64, 76)
_URL_SAFE = str.maketrans("+/", "-_")

J = TypeVar("J", bound=Json)


class Masker:
    """Knows the secret values that an execution has seen, in the forms in which they travel.

    Values of fewer than 3 characters are not masked: their text is everywhere.
    """

    __slots__ = ("_forms", "_lock", "_pattern")

    def __init__(self) -> None:
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self._lock = threading.Lock()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to hide."""
        return self._pattern is None

    def taint(self, value: str) -> None:
        """From now on `value`, each of its lines and its encoded forms are hidden."""
        lines = value.splitlines()
        parts = {value, value.strip(), *(lines if len(lines) > 1 else ())}
        forms = {form for part in parts if len(part) >= _SHORTEST for form in _forms(part)}
        with self._lock:
            if forms <= self._forms:
                return
            self._forms |= forms
            self._pattern = _any_of(self._forms)

    def holds(self, value: Json) -> bool:
        """Whether a secret occurs anywhere in a value."""
        return not self.is_empty and self.value(value) != value

    def text(self, text: str) -> str:
        """The text with every secret replaced."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)

    def value(self, value: J) -> J:
        """A JSON value with every secret replaced, in keys too."""
        if self._pattern is None:
            return value
        return cast("J", self._deep(value))

    def _deep(self, value: Json) -> Json:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            if box_of(value) is not None:
                return value  # shows nothing, and must open again
            return {self.text(key): self._deep(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._deep(item) for item in value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            written = str(value)
            return MASK if self.text(written) == MASK else value
        return value


def _any_of(forms: set[str]) -> re.Pattern[str]:
    """Matches the longest of the forms.

    In any case: `{{ secret('KEY') | upper }}` is as secret as the value. Grouped by their first
    character, hundreds of forms (a private key's) cost a tenth of a flat list.
    """
    groups: dict[str, list[str]] = {}
    for form in sorted(forms, key=len, reverse=True):
        first = form[0].lower()
        # Some letters have no small form of one character.
        key = first if len(first) == 1 else form[0]
        groups.setdefault(key, []).append(re.escape(form[1:]))
    return re.compile(
        "|".join(f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in groups.items()),
        re.IGNORECASE,
    )


def _forms(part: str) -> set[str]:
    encoded = part.encode()
    forms = {
        part,
        " ".join(part.split()),
        orjson.dumps(part).decode()[1:-1],
        json.dumps(part)[1:-1],
        ascii(part)[1:-1],
        repr(part)[1:-1],
        str(encoded)[2:-1],
        html.escape(part),
        html.escape(part, quote=False),
        part.replace("'", "'\\''"),
        part.replace("'", "'\"'\"'"),
        quote(part),
        quote(part, safe=""),
        quote_plus(part),
        encoded.hex(),
    }
    for form in _base64_forms(encoded):
        forms |= {form, form.translate(_URL_SAFE)}
    return {form for form in forms if len(form) >= _SHORTEST}


def _base64_forms(encoded: bytes) -> Iterator[str]:
    """Alone, broken into lines, and within something longer such as `Basic` credentials."""
    whole = base64.b64encode(encoded).decode()
    yield whole
    for width in _BASE64_WIDTHS:
        yield from (whole[at : at + width] for at in range(0, len(whole) - _CORE + 1, width))
    for shift in range(3):
        # Only the characters in which the bytes before and after have no part.
        first, last = -(-shift * 8 // 6), (shift + len(encoded)) * 8 // 6
        if last - first >= _CORE:
            yield base64.b64encode(bytes(shift) + encoded).decode()[first:last]
