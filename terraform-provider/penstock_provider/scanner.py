"""Finds `id` and `namespace` in a flow's text without a YAML library, which the provider avoids.

Only top-level scalar keys in block style; whatever else the text holds is the server's to judge.
"""

from __future__ import annotations

import hashlib
import re

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
