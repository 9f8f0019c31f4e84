"""Hides secret values in everything that an execution leaves behind."""

from __future__ import annotations

import base64
import re
import threading
from typing import TypeVar, cast
from urllib.parse import quote, quote_plus

import orjson

from penstock.model.frozen import Json

MASK = "******"
_SHORTEST = 3

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
            longest_first = sorted(self._forms, key=len, reverse=True)
            # In any case: `{{ secret('KEY') | upper }}` is as secret as the value.
            self._pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)

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
            return {self.text(key): self._deep(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._deep(item) for item in value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            written = str(value)
            return MASK if self.text(written) == MASK else value
        return value


def _forms(part: str) -> set[str]:
    encoded = part.encode()
    return {
        part,
        orjson.dumps(part).decode()[1:-1],
        quote(part),
        quote(part, safe=""),
        quote_plus(part),
        base64.b64encode(encoded).decode(),
        base64.urlsafe_b64encode(encoded).decode(),
    }
