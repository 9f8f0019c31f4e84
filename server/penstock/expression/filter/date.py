"""Filters of dates."""

from datetime import UTC, datetime, timedelta, tzinfo

from penstock.expression.catalogue import named
from penstock.expression.date_names import ENGLISH, Names, names_of
from penstock.expression.date_pattern import format_pattern
from penstock.expression.error import ExpressionError, nearest, quoted
from penstock.expression.filter.collection import whole
from penstock.expression.limit import Meter
from penstock.expression.moment import read_moment, zone_of
from penstock.expression.value import Value, to_text

_START = datetime(1970, 1, 1, tzinfo=UTC)
_EXACT = {
    "NANOS": timedelta(microseconds=0.001),
    "MICROS": timedelta(microseconds=1),
    "MILLIS": timedelta(milliseconds=1),
    "SECONDS": timedelta(seconds=1),
    "MINUTES": timedelta(minutes=1),
    "HOURS": timedelta(hours=1),
    "HALF_DAYS": timedelta(hours=12),
}
_LOCAL_DAYS = {"DAYS": 1, "WEEKS": 7}
_MONTHS = {"MONTHS": 1, "YEARS": 12, "DECADES": 120, "CENTURIES": 1200, "MILLENNIA": 12_000}
_MOST_MONTHS = 12 * 10_000


@named("date")
def date(
    value: Value,
    format: Value = "iso",  # noqa: A002 - its public name
    time_zone: Value = None,
    existing_format: Value = None,
    locale: Value = None,
    *,
    meter: Meter,
) -> Value:
    """The point in time by a Java pattern or a named format, in a time zone (UTC by default).

    Args:
        value (date, text or number): the date, text or number.
        format (text): a Java pattern, or a name such as `iso_date`.
        time_zone (text): an IANA name or an offset; UTC when left out.
        existing_format (text): the pattern in which a text is written that is not ISO 8601.
        locale (text): the language of names, such as `fr` or `de-DE`; English when left out.
        meter: that of the rendering.

    Example:
        {{ inputs.day | date('dd/MM/yyyy') }} → 31/01/2026
    """
    if value is None:
        return None
    zone = zone_of(time_zone)
    return show(read_moment(value, zone, existing_format), zone, format, names_of(locale, meter))


def show(moment: datetime, zone: tzinfo, pattern: Value, names: Names = ENGLISH) -> str:
    """A point in time as text in a zone, with the names of a language.

    Raises:
        ExpressionError: the pattern is not known.
    """
    name = "iso" if pattern is None else to_text(pattern)
    local = moment.astimezone(UTC if name == "iso_instant" else zone)
    return format_pattern(local, names.styles.get(name, name), names)


@named("dateAdd")
def date_add(  # noqa: PLR0917 - positional in templates
    value: Value,
    amount: Value,
    unit: Value,
    format: Value = "iso",  # noqa: A002 - its public name
    time_zone: Value = None,
    existing_format: Value = None,
    locale: Value = None,
    *,
    meter: Meter,
) -> Value:
    """The point in time moved by an amount of a unit such as `DAYS`, then as for `date`.

    Args:
        value (date, text or number): the date, text or number.
        amount (integer): how many units; negative ones go back.
        unit (text): `NANOS`, `MICROS`, `MILLIS`, `SECONDS`, `MINUTES`, `HOURS`, `HALF_DAYS`,
            `DAYS`, `WEEKS`, `MONTHS`, `YEARS`, `DECADES`, `CENTURIES`, `MILLENNIA`.
        format (text): a Java pattern, or a name such as `iso_date`.
        time_zone (text): an IANA name or an offset; UTC when left out.
        existing_format (text): the pattern in which a text is written that is not ISO 8601.
        locale (text): the language of names, such as `fr` or `de-DE`; English when left out.
        meter: that of the rendering.

    Example:
        {{ inputs.day | dateAdd(1, 'DAYS', 'yyyy-MM-dd') }} → 2026-02-01
    """
    if value is None:
        return None
    zone = zone_of(time_zone)
    moment = read_moment(value, zone, existing_format)
    try:
        moved = _move(moment, whole(amount, "amount"), to_text(unit).upper())
    except (OverflowError, ValueError):
        raise ExpressionError("The date is moved beyond the years 1 to 9999.") from None
    return show(moved, zone, format, names_of(locale, meter))


def _move(moment: datetime, amount: int, unit: str) -> datetime:
    """Days and longer keep the local time, shorter units count the real time."""
    if unit in _EXACT:
        step = timedelta(microseconds=amount // 1000) if unit == "NANOS" else amount * _EXACT[unit]
        return (moment.astimezone(UTC) + step).astimezone(moment.tzinfo)
    if unit in _LOCAL_DAYS:
        moved = moment + timedelta(days=amount * _LOCAL_DAYS[unit])
    elif unit in _MONTHS:
        moved = _add_months(moment, amount * _MONTHS[unit])
    else:
        known = [*_EXACT, *_LOCAL_DAYS, *_MONTHS]
        near = nearest(unit, known)
        raise ExpressionError(
            f"There is no unit of time {quoted(unit)}.",
            hint=f"Did you mean `{near}`?" if near else f"There are: {', '.join(known)}.",
        )
    return moved.astimezone(UTC).astimezone(moment.tzinfo)


def _add_months(moment: datetime, months: int) -> datetime:
    if abs(months) > _MOST_MONTHS:
        raise OverflowError
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    first = moment.replace(year=year, month=month + 1, day=1)
    following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    last = (following - timedelta(days=1)).day
    return first.replace(day=min(moment.day, last))


@named("timestamp")
def timestamp(value: Value, time_zone: Value = None, existing_format: Value = None) -> Value:
    """Seconds since 1970.

    Args:
        value (date, text or number): the date, text or number.
        time_zone (text): an IANA name or an offset; UTC when left out.
        existing_format (text): the pattern in which a text is written that is not ISO 8601.

    Example:
        {{ '2026-01-31T00:00:00Z' | timestamp }} → 1769817600
    """
    return _since(value, time_zone, existing_format, 1_000_000)


@named("timestampMilli")
def timestamp_milli(value: Value, time_zone: Value = None, existing_format: Value = None) -> Value:
    """Milliseconds since 1970.

    Args:
        value (date, text or number): the date, text or number.
        time_zone (text): an IANA name or an offset; UTC when left out.
        existing_format (text): the pattern in which a text is written that is not ISO 8601.

    Example:
        {{ '2026-01-31T00:00:00Z' | timestampMilli }} → 1769817600000
    """
    return _since(value, time_zone, existing_format, 1000)


@named("timestampMicro")
def timestamp_micro(value: Value, time_zone: Value = None, existing_format: Value = None) -> Value:
    """Microseconds since 1970.

    Args:
        value (date, text or number): the date, text or number.
        time_zone (text): an IANA name or an offset; UTC when left out.
        existing_format (text): the pattern in which a text is written that is not ISO 8601.

    Example:
        {{ '2026-01-31T00:00:00Z' | timestampMicro }} → 1769817600000000
    """
    return _since(value, time_zone, existing_format, 1)


@named("timestampNano")
def timestamp_nano(value: Value, time_zone: Value = None, existing_format: Value = None) -> Value:
    """Nanoseconds since 1970, exact to the microsecond.

    Args:
        value (date, text or number): the date, text or number.
        time_zone (text): an IANA name or an offset; UTC when left out.
        existing_format (text): the pattern in which a text is written that is not ISO 8601.

    Example:
        {{ '2026-01-31T00:00:00Z' | timestampNano }} → 1769817600000000000
    """
    micros = _since(value, time_zone, existing_format, 1)
    return None if micros is None else micros * 1000


def _since(value: Value, time_zone: Value, existing_format: Value, micros: int) -> int | None:
    if value is None:
        return None
    moment = read_moment(value, zone_of(time_zone), existing_format)
    return (moment - _START) // timedelta(microseconds=micros)
