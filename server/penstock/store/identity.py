"""Ids of executions and task runs."""

from __future__ import annotations

import os
import time

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_LENGTH = 22
_RANDOM_BYTES = 10


def new_id() -> str:
    """22 base-62 characters of a time-ordered 128-bit number (UUID version 7's layout).

    Ids of later milliseconds sort after earlier ones, so that rows land at the end of an index.
    """
    number = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(_RANDOM_BYTES))
    pairs: list[str] = []
    for _ in range(_LENGTH // 2):
        number, rest = divmod(number, 3844)
        pairs.append(_PAIRS[rest])
    pairs.reverse()
    return "".join(pairs)
