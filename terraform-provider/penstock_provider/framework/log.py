"""Structured log lines on stderr, in the form that Terraform reads at the right level."""

from __future__ import annotations

import json
import sys
import time


def log(level: str, message: str, **fields: str | float) -> None:
    """Writes one line; ``level`` is trace, debug, info, warn or error. Never pass a secret."""
    now = time.time()
    line = {
        "@level": level,
        "@message": message,
        "@module": "provider",
        "@timestamp": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
        + f".{int(now % 1 * 1e6):06}Z",
        **fields,
    }
    sys.stderr.write(json.dumps(line) + "\n")
    sys.stderr.flush()
