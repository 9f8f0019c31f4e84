"""Values of unquoted scalars, by the core schema of YAML 1.2."""

from __future__ import annotations

import math
import re

from penstock.model.frozen import Json

_NUMERIC = frozenset("-+.0123456789")
_WORDS: dict[str, Json] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?",
)
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_LONGEST_INT = 20
_INT64 = 2**63


def scalar(text: str) -> Json:
    """The value of an unquoted scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC:
        return text
    if _INT.fullmatch(text):
        value = int(text) if len(text) <= _LONGEST_INT else _INT64
        return value if -_INT64 <= value < _INT64 else text
    if _FLOAT.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    if _BASED.fullmatch(text) and len(text) <= _LONGEST_INT - 4:
        return int(text, 0)
    return text
