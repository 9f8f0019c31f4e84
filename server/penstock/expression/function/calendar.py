"""Functions of the calendar: what day a date is."""

from datetime import datetime, timedelta

from penstock.expression.catalogue import named
from penstock.expression.date_names import DAYS
from penstock.expression.error import ExpressionError, quoted
from penstock.expression.filter.collection import whole
from penstock.expression.moment import read_moment, zone_of
from penstock.expression.value import Value, to_text

_SATURDAY = 5
_WEEK = 7
_PLACES = ("FIRST", "SECOND", "THIRD", "FOURTH")
_MOST_DAYS = 31


def _moment(date: Value) -> datetime:
    return read_moment(date, zone_of(None))


@named("dayOfWeek")
def day_of_week(date: Value) -> Value:
    """The day's name in capital letters.

    Args:
        date (date, text or number): the point in time.

    Example:
        {{ dayOfWeek('2026-01-31') }} → SATURDAY
    """
    return DAYS[_moment(date).weekday()].upper()


@named("hourOfDay")
def hour_of_day(date: Value) -> Value:
    """The hour, 0 to 23.

    Args:
        date (date, text or number): the point in time.

    Example:
        {{ hourOfDay('2026-01-31T05:00:00Z') }} → 5
    """
    return _moment(date).hour


@named("dayOfMonth")
def day_of_month(date: Value) -> Value:
    """The day in the month, 1 to 31.

    Args:
        date (date, text or number): the point in time.

    Example:
        {{ dayOfMonth('2026-01-31') }} → 31
    """
    return _moment(date).day


@named("monthOfYear")
def month_of_year(date: Value) -> Value:
    """The month, 1 to 12.

    Args:
        date (date, text or number): the point in time.

    Example:
        {{ monthOfYear('2026-01-31') }} → 1
    """
    return _moment(date).month


@named("isWeekend")
def is_weekend(date: Value) -> Value:
    """Whether it is a Saturday or Sunday.

    Args:
        date (date, text or number): the point in time.

    Example:
        {{ isWeekend('2026-01-31') }} → true
    """
    return _moment(date).weekday() >= _SATURDAY


@named("isDayWeekInMonth")
def is_day_week_in_month(date: Value, day_of_week: Value, day_in_month: Value) -> Value:
    """Whether it is, say, the FIRST or LAST MONDAY of its month.

    Args:
        date (date, text or number): the point in time.
        day_of_week (text): `MONDAY` to `SUNDAY`.
        day_in_month (text): `FIRST`, `SECOND`, `THIRD`, `FOURTH` or `LAST`.

    Example:
        {{ isDayWeekInMonth('2026-01-05', 'MONDAY', 'FIRST') }} → true
    """
    moment, place = _moment(date), to_text(day_in_month).upper()
    day = to_text(day_of_week).upper()
    if day not in {name.upper() for name in DAYS}:
        raise ExpressionError(f"There is no day of the week {quoted(day)}.")
    if place not in {*_PLACES, "LAST"}:
        raise ExpressionError(
            f"There is no place {quoted(place)} in a month.",
            hint=f"There are: {', '.join(_PLACES)}, LAST.",
        )
    if DAYS[moment.weekday()].upper() != day:
        return False
    if place == "LAST":
        return (moment + timedelta(days=_WEEK)).month != moment.month
    return (moment.day - 1) // _WEEK == _PLACES.index(place)


@named("isLastWorkingDay")
def is_last_working_day(date: Value, days: Value = 1) -> Value:
    """Whether it is among the last days from Monday to Friday of its month.

    Args:
        date (date, text or number): the point in time.
        days (integer): how many of the last ones count.

    Example:
        {{ isLastWorkingDay('2026-01-30') }} → true
    """
    moment, count = _moment(date), whole(days, "days")
    if moment.weekday() >= _SATURDAY:
        return False
    later = 0
    for step in range(1, _MOST_DAYS):
        following = moment + timedelta(days=step)
        if following.month != moment.month:
            break
        later += following.weekday() < _SATURDAY
    return later < count
