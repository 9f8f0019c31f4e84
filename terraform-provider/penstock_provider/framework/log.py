"""Structured log lines on stderr, in the form that Terraform reads at the right level."""

from __future__ import annotations

import json
import sys
import time

_LEAST = 8
"""Shorter texts are in too many words to be hidden in them."""
_MASK = "******"
_hidden: dict[str, None] = {}


def hide(secret: str) -> None:
    """From now on this text is in no log line and no diagnostic of the process."""
    if len(secret) >= _LEAST:
        _hidden[secret] = None


def masked(text: str) -> str:
    """The text without what is hidden."""
    if not _hidden:
        return text
    # Other threads may hide more meanwhile, and a secret may be within another.
    for secret in sorted(_hidden, key=len, reverse=True):
        text = text.replace(secret, _MASK)
    return text


def log(level: str, message: str, **fields: str | float) -> None:
    """Writes one line; ``level`` is trace, debug, info, warn or error. Never pass a secret."""
    now = time.time()
    line = {
        "@level": level,
        "@message": masked(message),
        "@module": "provider",
        "@timestamp": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
        + f".{int(now % 1 * 1e6):06}Z",
        **{
            name: masked(value) if isinstance(value, str) else value
            for name, value in fields.items()
        },
    }
    sys.stderr.write(json.dumps(line) + "\n")
    sys.stderr.flush()
