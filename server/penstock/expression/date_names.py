"""The names of months and days in the languages of the world."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

from penstock.expression.error import ExpressionError, quoted
from penstock.expression.limit import Meter
from penstock.expression.value import Value, to_text

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one language: whole, and short; days from Monday.

    Attributes:
        months: January to December, `short_months` as they are abbreviated.
        days: Monday to Sunday, `short_days` as they are abbreviated.
        halves: before noon and after it.
        styles: patterns of `full`, `long`, `medium` and `short`; empty for the English ones.
    """

    months: tuple[str, ...] = MONTHS
    short_months: tuple[str, ...] = tuple(name[:3] for name in MONTHS)
    days: tuple[str, ...] = DAYS
    short_days: tuple[str, ...] = tuple(name[:3] for name in DAYS)
    halves: tuple[str, str] = ("AM", "PM")
    styles: Mapping[str, str] = field(default_factory=dict)


ENGLISH = Names()


def names_of(locale: Value, meter: Meter) -> Names:
    """The names of a language such as `fr` or `de-DE`; English for null.

    Raises:
        ExpressionError: there is no such language.
    """
    if locale is None:
        return ENGLISH
    text = to_text(locale).replace("-", "_")
    if text.lower() in {"en", "en_us"}:
        return ENGLISH
    with meter.untimed():
        found = _load(text)
    if found is None:
        raise ExpressionError(
            f"There are no names of days and months in the language {quoted(to_text(locale))}.",
            hint="Languages look like `fr` or `de-DE`.",
        )
    return found


@functools.lru_cache(maxsize=64)
def _load(locale: str) -> Names | None:
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 - few flows have another language

    try:
        found = Locale.parse(locale)
    except (UnknownLocaleError, ValueError, TypeError):
        return None
    months, days = found.months["format"], found.days["format"]
    halves = found.day_periods["format"]["abbreviated"]
    return Names(
        tuple(months["wide"][at] for at in range(1, 13)),
        tuple(months["abbreviated"][at] for at in range(1, 13)),
        tuple(days["wide"][at] for at in range(7)),
        tuple(days["abbreviated"][at] for at in range(7)),
        (halves.get("am", "AM"), halves.get("pm", "PM")),
        {
            style: found.datetime_formats[style]
            .replace("{1}", found.date_formats[style].pattern)
            .replace("{0}", found.time_formats[style].pattern)
            for style in ("full", "long", "medium", "short")
        },
    )
