"""Lengths of time as configurations write them: ISO 8601, such as `PT30M`."""

from __future__ import annotations

import re

from penstock_provider.framework.values import Value

_FORM = re.compile(r"P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.ASCII)
_SECONDS = (86400, 3600, 60, 1)


def seconds_of(text: str) -> float | None:
    """The seconds of a duration; None when it is none."""
    match = _FORM.fullmatch(text)
    if match is None or not any(match.groups()):
        return None
    return sum(float(part or 0) * each for part, each in zip(match.groups(), _SECONDS, strict=True))


def duration_problem(value: Value) -> str | None:
    """What is wrong with a configured duration, as a sentence; None when nothing is."""
    if isinstance(value, str) and not seconds_of(value):
        return f'"{value}" is no duration: write one in ISO 8601 that is not zero, such as "PT30M".'
    return None
