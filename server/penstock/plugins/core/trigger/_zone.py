"""The time zones of triggers."""

from __future__ import annotations

import zoneinfo


def known_zone(value: str) -> str:
    """The name of a time zone. Raises `ValueError` when there is none of that name."""
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"timezone '({value})' is not a valid time-zone ID") from None
    return value
