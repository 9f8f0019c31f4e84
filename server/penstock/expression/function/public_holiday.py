"""The function `isPublicHoliday`."""

import datetime as dt
import functools

from penstock.expression.catalogue import named
from penstock.expression.error import ExpressionError, quoted
from penstock.expression.limit import Meter
from penstock.expression.moment import read_moment, zone_of
from penstock.expression.value import Value, to_text


@named("isPublicHoliday")
def is_public_holiday(
    date: Value, country: Value, sub_division: Value = None, *, meter: Meter
) -> Value:
    """Whether it is a public holiday of a country, or of a part of it.

    Args:
        date (date, text or number): the point in time.
        country (text): two letters of ISO 3166, such as `FR`.
        sub_division (text): the part of the country, such as `BY` of `DE`.
        meter: that of the rendering.

    Example:
        {{ isPublicHoliday('2026-07-14', 'FR') }} → true
    """
    day = read_moment(date, zone_of(None)).date()
    state, part = to_text(country).upper(), None
    if sub_division is not None:
        part = to_text(sub_division).removeprefix(f"{state}-")
    try:
        with meter.untimed():
            return day in _days(state, part, day.year)
    except NotImplementedError:
        what = f"country {quoted(state)}" if part is None else f"part {quoted(part)} of {state}"
        raise ExpressionError(
            f"The holidays of the {what} are not known.",
            hint="Countries are two letters of ISO 3166, such as `FR`.",
        ) from None


@functools.lru_cache(maxsize=256)
def _days(country: str, part: str | None, year: int) -> frozenset[dt.date]:
    """The holidays of a year; the library is large, so that it is loaded when somebody asks."""
    import holidays  # noqa: PLC0415 - see above

    return frozenset(holidays.country_holidays(country, subdiv=part, years=year))
