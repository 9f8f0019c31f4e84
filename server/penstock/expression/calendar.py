"""Functions of the calendar: what day a date is."""

from datetime import datetime, timedelta

from penstock.expression.date_pattern import DAYS
from penstock.expression.error import ExpressionError, quoted
from penstock.expression.filter.collection import whole
from penstock.expression.moment import read_moment, zone_of
from penstock.expression.value import Function, Value, to_text

_SATURDAY = 5
_WEEK = 7
_PLACES = ("FIRST", "SECOND", "THIRD", "FOURTH")
_MOST_DAYS = 31


def _moment(date: Value) -> datetime:
    return read_moment(date, zone_of(None))


def _day_of_week(date: Value) -> Value:
    return DAYS[_moment(date).weekday()].upper()


def _hour_of_day(date: Value) -> Value:
    return _moment(date).hour


def _day_of_month(date: Value) -> Value:
    return _moment(date).day


def _month_of_year(date: Value) -> Value:
    return _moment(date).month


def _is_weekend(date: Value) -> Value:
    return _moment(date).weekday() >= _SATURDAY


def _is_day_week_in_month(date: Value, day_of_week: Value, day_in_month: Value) -> Value:
    """Whether it is, say, the FIRST or LAST MONDAY of its month."""
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


def _is_last_working_day(date: Value, days: Value = 1) -> Value:
    """Whether it is among the last so many days from Monday to Friday of its month."""
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


CALENDAR: dict[str, Function] = {
    "dayOfMonth": _day_of_month,
    "dayOfWeek": _day_of_week,
    "hourOfDay": _hour_of_day,
    "isDayWeekInMonth": _is_day_week_in_month,
    "isLastWorkingDay": _is_last_working_day,
    "isWeekend": _is_weekend,
    "monthOfYear": _month_of_year,
}
