"""Ids of executions and task runs."""

from __future__ import annotations

import os
import threading
import time

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_TO_ALPHABET = bytes(ord(_ALPHABET[byte % 62]) for byte in range(256))
_TIME_LENGTH = 8
_CHANCE_LENGTH = 14
_BLOCK = _CHANCE_LENGTH * 256


class _Source(threading.local):
    """A thread's own reserve of random characters, so that none is given twice."""

    def __init__(self) -> None:
        self.millisecond = 0
        self.prefix = ""
        self.reserve = ""
        self.used = _BLOCK


_source = _Source()


def new_id() -> str:
    """22 base-62 characters: 8 of the millisecond, 14 (82 bits) of the system's randomness.

    Ids of later milliseconds sort after earlier ones, so that rows land at the end of an index.
    """
    source = _source
    millisecond = time.time_ns() // 1_000_000
    if millisecond != source.millisecond:
        source.millisecond = millisecond
        source.prefix = _base62(millisecond)
    start = source.used
    if start == _BLOCK:
        source.reserve = os.urandom(_BLOCK).translate(_TO_ALPHABET).decode("ascii")
        start = 0
    source.used = start + _CHANCE_LENGTH
    return source.prefix + source.reserve[start : source.used]


def _base62(number: int) -> str:
    digits: list[str] = []
    for _ in range(_TIME_LENGTH):
        number, rest = divmod(number, 62)
        digits.append(_ALPHABET[rest])
    digits.reverse()
    return "".join(digits)


def _forget_reserve() -> None:
    # A forked process must not hand out its parent's characters.
    _source.used = _BLOCK


os.register_at_fork(after_in_child=_forget_reserve)
