"""Finds `id` and `namespace` in a flow's text without a YAML library, which the provider avoids.

Only top-level scalar keys in block style; whatever else the text holds is the server's to judge.
"""

from __future__ import annotations

import hashlib
import re

from penstock_provider.framework.values import Value

_KEY = re.compile(
    r"""^(?:"(id|namespace)"|'(id|namespace)'|(id|namespace))[ \t]*:[ \t]+
        (?: "([^"\\]*)" | '([^']*)' | ([^\s"'&*!|>{}\[\]#%@`][^\n]*?) )
        [ \t]*(?:[ \t]\#[^\n]*)?\r?$""",
    re.VERBOSE | re.MULTILINE,
)


def scan(source: str) -> dict[str, str]:
    """The values of top-level ``id`` and ``namespace``; what is not found is absent."""
    found: dict[str, str] = {}
    for match in _KEY.finditer(source):
        key = match.group(1) or match.group(2) or match.group(3)
        value = next(group for group in match.groups()[3:] if group is not None)
        found.setdefault(key, value.strip())
    return found


def content_hash(source: str) -> str:
    """SHA-256 of the exact bytes, hex."""
    return hashlib.sha256(source.encode()).hexdigest()


def same_text(one: Value, other: Value) -> bool:
    """True when the texts differ only in line ends and blanks at the ends of lines or text."""
    return (
        isinstance(one, str)
        and isinstance(other, str)
        and (one == other or _normal(one) == _normal(other))
    )


def same_texts(one: Value, other: Value) -> bool:
    """The same for maps of texts."""
    return (
        isinstance(one, dict)
        and isinstance(other, dict)
        and one.keys() == other.keys()
        and all(same_text(one[key], other[key]) for key in one)
    )


def _normal(source: str) -> list[str]:
    lines = [line.rstrip() for line in source.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines
