"""Reads points in time from what flows hold: dates, ISO text, text by a pattern, epochs."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from penstock.expression.date_pattern import parse_pattern
from penstock.expression.error import ExpressionError, quoted
from penstock.expression.value import Value, to_text, type_name

_OFFSET = re.compile(r"(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{2}))?")
_REGION = re.compile(r"\[([^\]]+)\]$")
_EPOCH = re.compile(r"-?\d{9,20}")
_START = datetime(1970, 1, 1, tzinfo=UTC)
_MILLIS_FROM, _MICROS_FROM, _NANOS_FROM = 10**12, 10**15, 10**18


def zone_of(name: Value) -> tzinfo:
    """The time zone of a name or offset; UTC for null.

    Raises:
        ExpressionError: there is no such zone.
    """
    if name is None:
        return ZoneInfo("UTC")
    text = to_text(name)
    if text in {"Z", "UTC", "GMT", "UT"}:
        return ZoneInfo("UTC")
    offset = _OFFSET.fullmatch(text)
    if offset is not None:
        size = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        if size < timedelta(days=1):
            return timezone(size if offset[1] == "+" else -size)
    try:
        return ZoneInfo(text)
    except (OSError, ValueError, KeyError):
        raise ExpressionError(
            f"There is no time zone {quoted(text)}.",
            hint="Zones look like `Europe/Paris` or `+02:00`.",
        ) from None


def read_moment(value: Value, zone: tzinfo, existing_format: Value = None) -> datetime:
    """The point in time, with a zone; the given one where the value says none.

    Numbers are seconds, milliseconds, microseconds or nanoseconds since 1970 by their size.

    Raises:
        ExpressionError: it is no point in time.
    """
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else _settle(value, zone)
    if isinstance(value, date):
        return _settle(datetime.combine(value, time()), zone)
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ExpressionError(f"A date is expected, not {type_name(value)}.")
    if isinstance(value, (int, float)) and existing_format is None:
        return _epoch(value, zone)
    text = to_text(value).strip()
    if existing_format is not None:
        return _settle(parse_pattern(text, to_text(existing_format)), zone)
    if _EPOCH.fullmatch(text):
        return _epoch(int(text), zone)
    return _settle(_iso(text), zone)


def _iso(text: str) -> datetime:
    region = _REGION.search(text)
    plain = text[: region.start()] if region else text
    try:
        moment = datetime.fromisoformat(plain)
    except ValueError:
        raise ExpressionError(
            f"The text {quoted(text)} is no date in ISO 8601.",
            hint="Say how it is written: `date(existingFormat='dd/MM/yyyy')`.",
        ) from None
    if region is None:
        return moment
    zone = zone_of(region[1])
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def _epoch(number: float, zone: tzinfo) -> datetime:
    size = abs(number)
    scale = 1_000_000
    if size >= _NANOS_FROM:
        number, scale = int(number) // 1000, 1
    elif size >= _MICROS_FROM:
        scale = 1
    elif size >= _MILLIS_FROM:
        scale = 1000
    try:
        return (_START + timedelta(microseconds=number * scale)).astimezone(zone)
    except (OverflowError, ValueError):
        raise ExpressionError(f"The number {number} is no time since 1970.") from None


def _settle(moment: datetime, zone: tzinfo) -> datetime:
    """With a zone; a local time which a clock change skips moves forward."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    try:
        return moment.astimezone(UTC).astimezone(moment.tzinfo)
    except OverflowError:
        return moment
